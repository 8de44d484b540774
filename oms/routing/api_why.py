"""Why something is not available, over REST."""

from datetime import date

import msgspec
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core.api.schema import documented
from oms.core.api.views import ApiView
from oms.core.errors import Invalid
from oms.flows import availability
from oms.flows.availability import Answer, Question, SiteAnswer
from oms.routing.problem import Destination

_QUERY = {
    "sku": "The SKU; required.",
    "channel": "Code of the channel that sells it; required.",
    "country": "Destination, ISO 3166-1 code of two letters; required.",
    "region": "State or province.",
    "postcode": "Postcode.",
    "quantity": "Pieces wanted; 1 unless said.",
    "customer_type": "b2c unless b2b is said.",
}


class SiteAvailability(msgspec.Struct):
    """One location: its figures, the pieces it could send here, and why that is not more."""

    location: str
    on_hand: int
    reserved: int
    quarantined: int
    safety_stock: int
    available: int
    can_send: int
    reasons: list[str]
    expected: int
    expected_on: date | None


class WhyAnswer(msgspec.Struct):
    """Whether the channel can sell so many there, and if not, why; ``can_sell`` has the channel's buffer taken off."""

    sku: str
    channel: str
    quantity: int
    is_available: bool
    can_sell: int
    buffer: int
    zone: str
    rules: str
    reasons: list[str]
    locations: list[SiteAvailability]
    next: list[str]


class WhyNotAvailable(ApiView):
    """Why a SKU can or cannot be sold by a channel to a place. A token bound to locations sees only those."""

    scope = "stock:read"

    @documented("Ask why something is not available", query=_QUERY, answers={200: WhyAnswer})
    def get(self, request: Request) -> Response:
        """Each location with what it has, what holds it back and what it could send; and what the channel may sell."""
        answer = availability.why(_question(request), at=timezone.now())
        return Response(_told(answer, [site for site in answer.sites if request.auth.may_at(site.code)]))


def _question(request: Request) -> Question:
    said = {name: request.query_params.get(name, "").strip() for name in _QUERY}
    problems = [
        (f"?{name}", "There is no such parameter.") for name in set(request.query_params) - set(_QUERY)
    ]
    problems += [
        (f"?{name}", "This is required.") for name in ("sku", "channel", "country") if not said[name]
    ]
    if said["country"] and not (
        len(said["country"]) == 2 and said["country"].isascii() and said["country"].isalpha()
    ):
        problems.append(("?country", "A country is a code of two letters, such as AU."))
    quantity = said["quantity"] or "1"
    if not (quantity.isascii() and quantity.isdecimal() and len(quantity) <= 7 and int(quantity)):
        problems.append(("?quantity", "This is a whole number from 1 to 9,999,999."))
    kind = said["customer_type"] or "b2c"
    if kind not in ("b2c", "b2b"):
        problems.append(("?customer_type", "Customer types are b2c and b2b."))
    for name, most in (("sku", 64), ("channel", 32), ("region", 40), ("postcode", 16)):
        if len(said[name]) > most or "\x00" in said[name]:
            problems.append((f"?{name}", f"This is at most {most} characters."))
    if problems:
        raise Invalid(
            "; ".join(f"{at[1:]}: {what}" for at, what in sorted(problems)), problems=tuple(sorted(problems))
        )
    destination = Destination(said["country"].upper(), said["region"].upper(), said["postcode"].upper())
    return Question(said["sku"], said["channel"], destination, int(quantity), kind)


def _told(answer: Answer, sites: list[SiteAnswer]) -> WhyAnswer:
    return WhyAnswer(
        sku=answer.question.sku,
        channel=answer.question.channel,
        quantity=answer.question.quantity,
        is_available=answer.is_available,
        can_sell=answer.can_sell,
        buffer=answer.buffer,
        zone=answer.zone,
        rules=answer.rules,
        reasons=list(answer.reasons),
        locations=[
            SiteAvailability(
                *(
                    site.code,
                    site.on_hand,
                    site.reserved,
                    site.quarantined,
                    site.safety_stock,
                    site.available,
                ),
                *(site.can_send, list(site.reasons), site.expected, site.expected_on),
            )
            for site in sites
        ],
        next=list(answer.next),
    )
