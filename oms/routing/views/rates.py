"""What a parcel costs today: from each location to each zone, at a weight."""

from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from oms.core import frame
from oms.core.views.frame import Page
from oms.routing import queries, rate_table
from oms.routing.rate_table import Offer

GRAMS = 1_000
MOST_GRAMS = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One zone, and what each location offers to it."""

    code: str
    name: str
    offers: list[Offer | None]


class RateTable(Page):
    """Origin by zone, at one weight, by one service or by the cheapest."""

    permission = "routing.view"
    title = "Rates"
    under = "Rates"
    template_name = "routing/rates.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET
        grams, service = _grams(asked), asked.get("service", "")
        world = queries.world(None)
        table = rate_table.table(world.rates, grams, service)
        sites = [site for site in world.sites if any(site.id in offers for offers in table.values())]
        rows = [
            Row(zone.code, zone.name, [table[zone.pk].get(site.id) for site in sites])
            for zone in queries.zones()
            if zone.pk in table
        ]
        return super().get_context_data(**kwargs) | {
            "origins": sites,
            "rows": rows,
            "grams": grams,
            "service": service,
            "services": rate_table.services(world.rates),
            "currency": world.currency,
            "may_import": self.request.user.may("routing.change"),
        }


def _grams(asked: QueryDict) -> int:
    """The weight that was asked for, within reason."""
    text = asked.get("grams", "")
    return min(int(text), MOST_GRAMS) if text.isdigit() and len(text) < 10 else GRAMS


frame.hang(frame.Entry("Rates", "truck", "routing:rates", "routing.view", "Set up", position=63))
