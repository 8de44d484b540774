"""Documents on paper: pick list, packing slip and label as PDF."""

from django.http import Http404, HttpRequest, HttpResponse

from fulfilment import queries
from fulfilment.documents import printing
from fulfilment.views.floor import OnOneWork


def _pdf(name: str, content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    return response


class PickList(OnOneWork):
    """The walk on paper."""

    permission = "fulfilment.pick"

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        """Print what is still to be picked."""
        work = self.work()
        return _pdf(f"{number} pick list", printing.pick_list(work, queries.lines_to_work(work)))


class PackingSlip(OnOneWork):
    """What is in the box, for the customer."""

    permission = "fulfilment.pack"

    def get(self, request: HttpRequest, number: str) -> HttpResponse:
        """Print the slip."""
        work = self.work()
        return _pdf(f"{number} packing slip", printing.packing_slip(work, queries.lines_to_work(work)))


class Label(OnOneWork):
    """The label of one parcel."""

    permission = "fulfilment.pack"

    def get(self, request: HttpRequest, number: str, parcel: str) -> HttpResponse:
        """Print the label, again if need be."""
        work = self.work()
        found = next((each for each in queries.parcels_of(work) if each.number == parcel), None)
        if found is None:
            raise Http404("There is no such parcel.")
        return _pdf(f"{parcel} label", printing.label(found))
