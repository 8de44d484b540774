"""Packing at a station: each item is scanned into the parcel, then the parcel is closed and labelled."""

from typing import Any

from django.urls import reverse

from fulfilment import queries
from fulfilment.forms import ParcelForm
from fulfilment.models import FulfilmentOrder
from fulfilment.rules import ScanKind
from fulfilment.services.parcels import Box
from fulfilment.views.floor import OnOneWork, ScanDoor, room
from oms.core.views.frame import Form, one_effect
from oms.flows import picking


def pack_state(work: FulfilmentOrder) -> dict[str, Any]:
    """What a pack page shows: each line's pieces, and what is still to be scanned or closed."""
    lines = [line for line in queries.lines_to_work(work) if line.quantity_picked]
    loose = queries.loose_pieces(work)
    for line in lines:
        line.left, line.loose = room(line, ScanKind.PACK), loose.get(line.pk, 0)
    picked = sum(line.quantity_picked for line in lines)
    packed = sum(line.quantity_packed for line in lines)
    return {
        "work": work,
        "lines": lines,
        "picked": picked,
        "packed": packed,
        "left": picked - packed,
        "loose": sum(loose.values()),
        "scan_next": next((line for line in lines if line.left), None),
        "expected_grams": sum((line.sku.weight_grams or 0) * line.loose for line in lines),
    }


class PackPage(OnOneWork, Form):
    """One fulfilment order at the station; closing the parcel is the form."""

    permission = "fulfilment.pack"
    under = "Pick and pack"
    template_name = "fulfilment/pack.html"
    form_class = ParcelForm

    def get_initial(self) -> dict[str, Any]:
        work = self.work()
        return {"box": "M", "carrier": work.carrier or "auspost"}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        work = self.work()
        return (
            super().get_context_data(**kwargs)
            | pack_state(work)
            | {
                "title": work.number,
                "floor_wide": True,
                "contact": work.order.contact,
                "parcels": queries.parcels_here(work),
            }
        )

    def carry_out(self, form: Any) -> str:
        number, said = self.kwargs["number"], form.cleaned_data
        self.work()
        box = Box(said["carrier"], "", said["tracking_number"].strip(), said["weight_grams"], said["box"])
        with one_effect(self.request):
            picking.close_parcel(number, box=box, **self.doing.as_arguments)
        return reverse("fulfilment:pack", args=[number])


class PackScan(ScanDoor):
    """A scan into the parcel."""

    permission = "fulfilment.pack"
    kind = ScanKind.PACK
    view_template = "fulfilment/pack_view.html"
    view_context = staticmethod(pack_state)
