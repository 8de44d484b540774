"""The page on which an accepted order is changed: the difference is seen before it is saved; nothing typed is lost."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from oms.catalogue import queries as sku_queries
from oms.core import preferences
from oms.core.errors import Invalid, Refusal
from oms.core.views.frame import Record, one_effect, stays
from oms.flows import amending, rehearsing
from oms.orders import change_queries, job_queries, merging
from oms.orders.amendments import Amendment, Difference, OrderChanged
from oms.orders.intake import MAX_UNIT_PRICE, PRICE_DECIMALS, AddressBody
from oms.orders.models import Order, OrderReason
from oms.orders.requests import Address
from oms.orders.rules import ChangeKind
from oms.orders.views.change_rows import ADDRESS, PIECES, WORDS, Changeable, changeable
from oms.orders.views.reach import order_within_reach

MOST_PIECES = 1_000_000
NEW_ROWS = (1, 2, 3)
LONGEST = {"notes": 2000, "gift_message": 500, "shipping_option": 32}


@dataclass(frozen=True, slots=True)
class Seen:
    """The order as this person saw it: how often it had been changed, and what its fields said."""

    version: int
    values: dict[str, str]

    @classmethod
    def read(cls, text: str) -> "Seen":
        """Read it from the form.

        Raises ``Invalid``.
        """
        try:
            return msgspec.json.decode(text.encode(), type=cls)
        except msgspec.MsgspecError as error:
            raise Invalid("This form has lost what it was opened with. Open it again.") from error

    def __str__(self) -> str:
        return json.dumps({"version": self.version, "values": self.values}, ensure_ascii=False)


class ChangePage(Record):
    """Quantities, a new SKU, address, shipping option, notes and gift message of one order."""

    permission: ClassVar[str] = "orders.change"
    under = "Orders"
    template_name = "orders/order_change.html"
    list_url_name = "orders:list"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Draw the form; an order that has ended leads back to its page, with the reason."""
        order = order_within_reach(request.user, kwargs["number"], "orders.change")
        if order.state in {"closed", "cancelled"}:
            stays(
                request, Invalid(f"{order.number} is {order.state}: nothing of it can be changed any more.")
            )
            return HttpResponseRedirect(self._back(order))
        now = changeable(order)
        return self._draw(order, now, Seen(_version(order), now.values))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show what the change would do, or save it."""
        order = order_within_reach(request.user, kwargs["number"], "orders.change")
        now = changeable(order)
        seen = Seen(_version(order), now.values)
        try:
            seen = Seen.read(request.POST.get("seen", ""))
            amendment = _amendment(request.POST, seen)
            if request.POST.get("step") == "preview":
                return self._preview(order, now, seen, amendment)
            self._save(order, amendment)
        except OrderChanged as refusal:
            return self._stale(order, now, seen, refusal)
        except Refusal as refusal:
            if request.headers.get("HX-Request"):
                return render(request, "orders/parts/change_preview.html", {"refusal": str(refusal)})
            return self._draw(order, now, seen, status=422, refusal=str(refusal))
        preferences.drop_draft(request.user, form=_draft_name(order))
        messages.success(request, f"{order.number} is changed.")
        return HttpResponseRedirect(self._back(order))

    def _save(self, order: Order, amendment: Amendment) -> None:
        said = self.request.POST
        if amendment.is_empty:
            raise Invalid("Nothing is changed yet. Change a quantity, the address or a word.")
        with one_effect(self.request):
            amending.amend_order(
                order.number,
                amendment,
                reason=said.get("reason", "").strip()[:200],
                code=said.get("code", ""),
                **self.doing.as_arguments,
            )

    def _preview(self, order: Order, now: Changeable, seen: Seen, amendment: Amendment) -> HttpResponse:
        context: dict[str, Any] = {"order": order}
        if not amendment.is_empty:
            context["rehearsal"] = rehearsing.rehearse(order.number, amendment, **self.doing.as_arguments)
        if self.request.headers.get("HX-Request"):
            return render(self.request, "orders/parts/change_preview.html", context)
        return self._draw(order, now, seen, rehearsal=context.get("rehearsal"))

    def _stale(self, order: Order, now: Changeable, seen: Seen, refusal: OrderChanged) -> HttpResponse:
        """Somebody was faster: three columns, and a form that goes on with both people's words."""
        yours = _typed(self.request.POST, seen.values)
        last = change_queries.changes(order.pk).first()
        if self.request.headers.get("HX-Request"):
            return render(self.request, "orders/parts/change_preview.html", {"refusal": str(refusal)})
        clashes = [(now.label(each.name), each) for each in merging.clashes(seen.values, now.values, yours)]
        merged = merging.merged(seen.values, now.values, yours)
        current = Seen(_version(order), now.values)
        return self._draw(order, now, current, status=409, typed=merged, clashes=clashes, last=last)

    def _draw(
        self, order: Order, now: Changeable, seen: Seen, status: int = 200, **more: Any
    ) -> HttpResponse:
        typed = more.pop("typed", None) or _typed(self.request.POST, now.values)
        if self.request.method == "POST":
            self._keep_draft(order, typed, seen)
        context = self.get_context_data(number=order.number) | {
            "title": f"Change {order.number}",
            "order": order,
            "back": self._back(order),
            "rows": [(row, typed.get(row.field, str(row.wanted))) for row in now.rows],
            "closed": now.closed,
            "asks_of": now.asks_of,
            "typed": typed,
            "seen": str(seen),
            "added": [_added_row(self.request.POST, number) for number in NEW_ROWS],
            "draft": _draft_name(order),
            **_reasons(),
            "said": self.request.POST,
        }
        return self.render_to_response(context | more, status=status)

    def _keep_draft(self, order: Order, typed: Mapping[str, str], seen: Seen) -> None:
        """What is drawn is the draft from now on; an older one would be typed over it."""
        said = self.request.POST
        own = {name: said[name] for name in said if name.startswith("add_") or name in ("code", "reason")}
        values = {**typed, **own, "seen": str(seen)}
        with suppress(Refusal):
            preferences.keep_draft(
                self.request.user, form=_draft_name(order), values=values, at=self.doing.at
            )

    def _back(self, order: Order) -> str:
        asked = self.request.GET.urlencode()
        return reverse("orders:detail", args=[order.number]) + (f"?{asked}" if asked else "")


def _reasons() -> dict[str, list[OrderReason]]:
    """What may be chosen; a reason that both lists have is shown once."""
    edit = job_queries.reasons(ChangeKind.EDIT)
    known = {one.code for one in edit}
    cancel = [one for one in job_queries.reasons(ChangeKind.CANCEL) if one.code not in known]
    return {"edit_reasons": edit, "cancel_reasons": cancel}


def _version(order: Order) -> int:
    return change_queries.versions([order.pk]).get(order.pk, 0)


def _draft_name(order: Order) -> str:
    return f"change-{order.number}"


def _typed(said: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """What the form says now; a closed field is not sent and stays as it was."""
    return {name: said.get(name, was).replace("\r\n", "\n").strip() for name, was in before.items()}


def _added_row(said: Mapping[str, str], number: int) -> dict[str, Any]:
    names = ("sku", "quantity", "price")
    return {"number": number} | {name: said.get(f"add_{name}_{number}", "").strip() for name in names}


def _amendment(said: Mapping[str, str], seen: Seen) -> Amendment:
    """The difference between what was seen and what is wanted.

    Raises ``Invalid``.
    """
    wanted = _typed(said, seen.values)
    changed = {name: value for name, value in wanted.items() if value != seen.values[name]}
    differences = [
        _difference(name, value, seen) for name, value in changed.items() if name.startswith(PIECES)
    ]
    for number in NEW_ROWS:
        row = _added_row(said, number)
        if row["sku"]:
            differences.append(_added(row))
    for name, longest in LONGEST.items():
        if len(changed.get(name, "")) > longest:
            raise Invalid(f"At most {longest} characters fit into the {name.replace('_', ' ')}.")
    address = _address(wanted) if any(name in changed for name in ADDRESS) else None
    facts = {name: changed[name] for name in ("shipping_option",) if name in changed}
    words = {name: changed[name] for name in WORDS if name in changed}
    return Amendment(tuple(differences), address, facts, words, seen.version)


def _difference(name: str, value: str, seen: Seen) -> Difference:
    code = name.removeprefix(PIECES)
    if not value.isascii() or not value.isdecimal() or int(value) > MOST_PIECES:
        raise Invalid(f"Say how many of {code} there shall be: 0 or more.")
    return Difference(code, int(value) - int(seen.values[name]))


def _added(row: dict[str, Any]) -> Difference:
    known = sku_queries.by_code_or_barcode(row["sku"])
    if known is None:
        raise Invalid(f"No SKU is called {row['sku']}.")
    quantity = row["quantity"] or "1"
    if not quantity.isascii() or not quantity.isdecimal() or not 0 < int(quantity) <= MOST_PIECES:
        raise Invalid(f"Say how many of {known.code} are added: 1 or more.")
    return Difference(known.code, int(quantity), _price(row["price"], known.code))


def _price(text: str, code: str) -> Decimal | None:
    if not text:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal(-1)
    exponent = price.as_tuple().exponent
    if not isinstance(exponent, int) or not 0 <= price < MAX_UNIT_PRICE or exponent < -PRICE_DECIMALS:
        raise Invalid(f"The price of {code} is a number from 0 with at most four places.")
    return price


def _address(wanted: Mapping[str, str]) -> Address:
    fields = {name: wanted.get(name, "") for name in ADDRESS}
    fields["country"] = fields["country"].upper()
    try:
        return msgspec.convert(fields, AddressBody).to_address()
    except msgspec.ValidationError as error:
        raise Invalid(f"The address is not complete: {error}.") from error
