"""The rows of one order become the order that the same words would make over REST, or say what is wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from oms.core import shapes
from oms.core.errors import Invalid, Refusal
from oms.imports.order_columns import LINE_COLUMNS, PLACE
from oms.imports.order_groups import Group, named
from oms.imports.rules import Choices, Finding, Line, Outcome, Verdict
from oms.orders.intake import OrderBody
from oms.orders.requests import NewOrder

# What a shop says of orders that nobody should send again.
FINISHED = frozenset(
    {
        *("fulfilled", "shipped", "delivered", "cancelled", "canceled", "closed", "restocked"),
        *("refunded", "voided"),
    }
)
BODY = (
    *("currency", "po_number", "gift_message", "shipping_option", "promise_by", "notes", "residential"),
    *("deliver_from", "deliver_until", "partial_policy", "priority", "ship_to"),
)
# Where a problem of the body stands in a file.
COLUMNS = {
    "#/customer": "customer_name",
    "#/customer/code": "customer",
    "#/customer/name": "customer_name",
    "#/customer/email": "customer_email",
    "#/customer/type": "customer_type",
    "#/shipping_address": "shipping_line1",
    "#/billing_address": "billing_line1",
    "#/lines": "sku",
    **{f"#/{kind}_address/{part}": f"{kind}_{part}" for kind in ("shipping", "billing") for part in PLACE},
    **{f"#/{name}": name for name in ("channel", "external_number", *BODY)},
}
# What the types of the body say in their own words, said for people.
PLAINLY = {
    "#/channel": "Which channel? Name it in the file, or choose one for all rows without.",
    "#/customer/email": "Not a mail address.",
    "#/priority": "From 1 to 9; 1 is served first.",
    "#/lines": "More lines than an order may have: 500.",
}
BOOKED = "Which entry of the customer's address book? Or say the address itself."
MOST_PIECES = 1_000_000


@dataclass(slots=True)
class Told:
    """An order as its rows tell it: what is said of the whole, where, and every reason against it so far."""

    group: Group
    lines: list[Line]
    said: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    request: NewOrder | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Channel and number."""
        return self.said.get("channel", ""), self.said.get("external_number", "")

    @property
    def subject(self) -> str:
        """The order as people read it before it has a number of ours."""
        return " ".join(word for word in self.key if word)

    def object_to(self, refusal: Refusal) -> None:
        """Note why the order is refused, at the cells that say so."""
        problems = refusal.problems if isinstance(refusal, Invalid) else ()
        self.findings += [self._finding(pointer, why) for pointer, why in problems]
        if not problems:
            self.findings.append(self._at_sku(refusal))

    def refused(self) -> list[Outcome]:
        """Every row refused: those with a reason of their own by it, the others because of them."""
        reasons: dict[int, list[Finding]] = {}
        for finding in self.findings:
            reasons.setdefault(finding.row, []).append(finding)
        first = min(reasons)
        outcomes = []
        for row in self.group.rows:
            line = row if isinstance(row, Line) else row.line
            number = Finding(
                *(line.row, line.columns.get("external_number", "external_number"), self.key[1]),
                f"Row {first} of this order is refused, and with it the whole order.",
            )
            found = tuple(reasons.pop(line.row, ())) or (number,)
            outcomes.append(Outcome(line, Verdict.REFUSED, found))
        return outcomes

    def finding(self, column: str, reason: str) -> Finding:
        """A refusal of something that is said of the whole order, in the row that says it."""
        return self._where(column).finding(column, reason)

    def _finding(self, pointer: str, why: str) -> Finding:
        index, _, name = pointer.removeprefix("#/lines/").partition("/")
        if index.isdecimal() and int(index) < len(self.lines):
            return self.lines[int(index)].finding(name or "sku", why)
        if pointer == "#/shipping_address" and "customer" in self.said:
            return self.finding("ship_to", BOOKED)
        why = PLAINLY.get(pointer, why) if why.startswith("Expected") else why
        return self.finding(COLUMNS.get(pointer, "external_number"), why)

    def _at_sku(self, refusal: Refusal) -> Finding:
        sku = refusal.details.get("sku")
        short = next((line for line in self.lines if line.values.get("sku") == sku), None)
        if short is not None:
            return short.finding("quantity", str(refusal))
        return self.finding("external_number", str(refusal))

    def _where(self, column: str) -> Line:
        says = (line for line in self.lines if line.values.get(column) is not None)
        return next(says, self.lines[0])


def read(group: Group, choices: Choices, channels: Mapping[str, str]) -> Told:
    """What the rows of an order say together; rows that cannot be read are reasons against it."""
    lines = [row for row in group.rows if isinstance(row, Line)]
    told = Told(group, lines)
    told.findings = [each for row in group.rows if isinstance(row, Outcome) for each in row.findings]
    first: dict[str, Line] = {}
    for line in lines:
        for name, value in line.values.items():
            if value is None or name in LINE_COLUMNS:
                continue
            meant = named(value, channels) if name == "channel" else value
            if told.said.setdefault(name, meant) != meant:
                why = f"Row {first[name].row} of the same order says something else."
                told.findings.append(line.finding(name, why))
            first.setdefault(name, line)
        if not 1 <= line.values["quantity"] <= MOST_PIECES:
            told.findings.append(line.finding("quantity", f"A line has 1 to {MOST_PIECES:,} pieces."))
    told.said.setdefault("channel", choices.channel)
    return told


def settle(told: Told, choices: Choices) -> None:
    """Make the request of an order that is not there yet, or note what it lacks."""
    if told.findings:
        return
    if not choices.take_finished and (column := finished(told.said)):
        told.findings.append(
            told.finding(column, "It has ended elsewhere: say so in the options to take it all the same.")
        )
        return
    try:
        told.request = shapes.fitted(_body(told.said, told.lines), OrderBody).to_request()
    except Invalid as wrong:
        told.object_to(wrong)


def place_said(said: Mapping[str, Any], kind: str) -> dict[str, str]:
    """The parts of an address that are said; a company stands before the second line."""
    found = {part: said[f"{kind}_{part}"] for part in PLACE if said.get(f"{kind}_{part}")}
    lines = [said.get(f"{kind}_company"), found.get("line2")]
    if second := ", ".join(each for each in lines if each):
        found["line2"] = second
    return found


def finished(said: Mapping[str, Any]) -> str:
    """The column that says an order has ended elsewhere, if one does."""
    for column in ("status", "payment_status"):
        if str(said.get(column, "")).strip().lower() in FINISHED:
            return column
    return "cancelled_at" if said.get("cancelled_at") else ""


def _body(said: Mapping[str, Any], lines: Sequence[Line]) -> dict[str, Any]:
    shipping, billing = place_said(said, "shipping"), place_said(said, "billing")
    names = (said.get("customer_name"), shipping.get("name"), billing.get("name"))
    name = next((each for each in names if each), "")
    customer = {"email": said.get("customer_email", "")}
    if code := said.get("customer"):
        customer |= {"code": code, "name": said.get("customer_name", "")}
    else:
        customer |= {"name": name, "type": said.get("customer_type", "b2c")}
    body: dict[str, Any] = {
        "channel": said.get("channel", ""),
        "external_number": said.get("external_number", ""),
        "customer": customer,
        "lines": [_line(line) for line in lines],
    } | {column: said[column] for column in BODY if column in said}
    if not shipping and "ship_to" not in said:
        # A shop that knows one address only sends there.
        shipping = dict(billing)
    for kind, place in (("shipping", shipping), ("billing", billing)):
        if place:
            body[f"{kind}_address"] = {"name": name} | place
    return body


def _line(line: Line) -> dict[str, Any]:
    price = line.values.get("unit_price")
    body = {"sku": line.values["sku"], "quantity": line.values["quantity"]}
    return body if price is None else body | {"unit_price": price}
