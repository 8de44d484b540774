"""The queues of the floor, and handing over what is packed."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from fulfilment import queries
from fulfilment.views.floor import OnOneWork
from oms.core import frame
from oms.core.frame import Standing
from oms.core.views.frame import Action, Guarded, Page
from oms.flows import picking, shipping

MOST_SHOWN = 100
TO_PICK, TO_PACK, TO_SHIP = ("open", "picking"), ("picked",), ("packed",)


class Queue(Page):
    """Work of one step at the person's sites, due first."""

    under = "Pick and pack"
    template_name = "fulfilment/queue.html"
    statuses: ClassVar[tuple[str, ...]]
    step: ClassVar[str]
    empty_words: ClassVar[str]

    def rows(self) -> Any:
        standing = Standing(self.request.user, self.request.session.get("site", ""))
        return queries.queue(standing.sites(str(self.permission)), self.statuses)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = self.rows()
        return super().get_context_data(**kwargs) | {
            "rows": queries.with_pieces(rows)[:MOST_SHOWN],
            "total": rows.count(),
            "step": self.step,
            "empty_words": self.empty_words,
            "counts": counts(self.request),
        }


class ToPick(Queue):
    """What waits for a picker."""

    permission = "fulfilment.pick"
    title = "To pick"
    statuses, step = TO_PICK, "pick"
    empty_words = "Orders that are routed to your sites appear here to be picked."


class ToPack(Queue):
    """What waits at the packing station."""

    permission = "fulfilment.pack"
    title = "To pack"
    statuses, step = TO_PACK, "pack"
    empty_words = "Orders that are picked appear here to be packed."


class ToShip(Queue):
    """What waits for its carrier."""

    permission = "fulfilment.ship"
    title = "To ship"
    statuses, step = TO_SHIP, "ship"
    empty_words = "Parcels that are packed appear here to be handed over."


class NextTask(Guarded):
    """Start the next task: the most urgent one that nobody has."""

    permission = "fulfilment.pick"

    def post(self, request: HttpRequest) -> HttpResponse:
        """Claim it and open it; back to the queue when there is none."""
        standing = Standing(request.user, request.session.get("site", ""))
        number = picking.claim_next(
            standing.sites("fulfilment.pick"), user=request.user, **self.doing.as_arguments
        )
        target = reverse("fulfilment:pick", args=[number]) if number else reverse("fulfilment:to_pick")
        return HttpResponseRedirect(target)


class ShipPage(OnOneWork, Page):
    """The parcels of one fulfilment order, ready to be handed over."""

    permission = "fulfilment.ship"
    under = "Pick and pack"
    template_name = "fulfilment/ship.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        work = self.work()
        return super().get_context_data(**kwargs) | {
            "title": work.number,
            "work": work,
            "floor_wide": True,
            "here": queries.parcels_here(work),
            "contact": work.order.contact,
            "loose": sum(queries.loose_pieces(work).values()),
        }


class HandOver(OnOneWork, Action):
    """Hand the closed parcels to their carrier."""

    permission = "fulfilment.ship"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("fulfilment:ship", args=[kwargs["number"]])

    def carry_out(self, **kwargs: Any) -> None:
        self.work()
        shipping.ship(kwargs["number"], **self.doing.as_arguments)


class OpenParcel(OnOneWork, Action):
    """Open a closed parcel again."""

    permission = "fulfilment.pack"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("fulfilment:ship", args=[kwargs["number"]])

    def carry_out(self, **kwargs: Any) -> None:
        self.work()
        number, parcel = kwargs["number"], kwargs["parcel"]
        picking.open_parcel(number, parcel, user=self.request.user, **self.doing.as_arguments)


def counts(request: HttpRequest) -> dict[str, int]:
    """How much waits at each step, for the tabs of the queues."""
    standing = Standing(request.user, request.session.get("site", ""))
    return {name: _count(statuses, right, standing) for name, statuses, right in STEPS}


STEPS = (
    ("pick", TO_PICK, "fulfilment.pick"),
    ("pack", TO_PACK, "fulfilment.pack"),
    ("ship", TO_SHIP, "fulfilment.ship"),
)


def _count(statuses: tuple[str, ...], right: str, standing: Standing) -> int:
    return queries.queue(standing.sites(right), statuses).count()


def found(text: str, user: Any) -> list[frame.Found]:
    """Fulfilment orders and parcels that a text or scan names."""
    hits = []
    for work in queries.named(text)[:5]:
        right = "fulfilment.pack" if work.status in TO_PACK else "fulfilment.pick"
        if user.may(right, location=work.location.code):
            step = {"picked": "pack", "packed": "ship"}.get(work.status, "pick")
            hits.append(
                frame.Found(
                    work.number,
                    reverse(f"fulfilment:{step}", args=[work.number]),
                    "packages",
                    f"{work.location.name}, {work.status}",
                    exact=True,
                )
            )
    return hits


def _tile(name: str, step: str, right: str, icon: str, position: int) -> frame.Tile:
    statuses = next(statuses for key, statuses, _ in STEPS if key == step)
    return frame.Tile(
        name,
        icon,
        lambda standing: reverse(f"fulfilment:to_{step}"),
        lambda standing: _count(statuses, right, standing),
        right,
        position=position,
    )


def _all_waiting(standing: Standing) -> int:
    return _count((*TO_PICK, *TO_PACK, *TO_SHIP), "fulfilment.pick", standing)


frame.hang(
    frame.Entry(
        "Pick and pack",
        "packages",
        "fulfilment:to_pick",
        "fulfilment.pick",
        letter="p",
        position=20,
        count=_all_waiting,
        tab=True,
    ),
    frame.Finder("fulfilment", found, "fulfilment.pick", position=15),
    _tile("To pick", "pick", "fulfilment.pick", "packages", 20),
    _tile("To pack", "pack", "fulfilment.pack", "box", 21),
    _tile("To ship", "ship", "fulfilment.ship", "truck", 22),
)
