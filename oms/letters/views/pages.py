"""Letters as staff see them: what was written to whom, what came of it, and once more."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from fulfilment import queries as work_queries
from oms.core import frame
from oms.core.status import DONE, STOP, WAIT, WORK, Look, fill
from oms.core.views.frame import Action, Record
from oms.core.views.lists import LAST_DAYS, Choice, Column, Filter, ListPage, Tab, days
from oms.flows import lettering
from oms.letters import queries
from oms.letters.models import Letter
from oms.letters.rules import OCCASION_WORDS, Occasion

fill(
    "letter",
    {
        "queued": Look(WORK, "On its way", "send"),
        "sent": Look(DONE, "Sent"),
        "logged": Look(WAIT, "Only logged", "note"),
        "failed": Look(STOP, "Failed"),
        "withdrawn": Look(WAIT, "Withdrawn", "ban"),
    },
)
STATUSES = (
    Choice("queued", "on its way"),
    Choice("sent", "sent"),
    Choice("logged", "only logged"),
    Choice("failed", "failed"),
    Choice("withdrawn", "withdrawn"),
)


def within(user: Any, permission: str = "letters.view") -> QuerySet[Letter]:
    """Letters this person may see: all, or those about orders of their sites."""
    rows, codes = queries.letters(), user.locations_for(permission)
    return rows if codes is None else rows.filter(order__in=work_queries.order_ids_at(codes))


def shown(rows: list[Any]) -> list[Any]:
    """The rows with the words for their occasion and, unless erased, what they said."""
    for row in rows:
        row.says = OCCASION_WORDS[Occasion(row.occasion)]
        row.said = getattr(row, "content", None)
    return rows


def _status(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(status=value)


def _needs(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(queries.needing_a_person())


def _occasion(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(occasion=value)


class LetterList(ListPage):
    """Letters, newest first."""

    permission = "letters.view"
    title = "Letters"
    under = "Letters"
    template_name = "letters/letter_list.html"
    page_name = "letters.list"
    noun = "letter,letters"
    order = ("-queued_at", "-id")
    search_help = "Filter: order, customer, mail address"
    tabs = (
        Tab("All", {}, counted=False),
        Tab("On their way", {"status": "queued"}),
        Tab("Failed", {"needs": "person"}, tone="stop"),
    )
    filters = (
        Filter("needs", "Needs", _needs, lambda user: [Choice("person", "somebody to mend it")]),
        Filter("status", "State", _status, lambda user: STATUSES),
        Filter(
            "occasion",
            "Occasion",
            _occasion,
            lambda user: [Choice(each.value, OCCASION_WORDS[each].lower()) for each in Occasion],
        ),
        Filter("queued", "Written", days("queued_at"), lambda user: LAST_DAYS),
    )
    columns: ClassVar = (
        Column("Letter"),
        Column("Order"),
        Column("To"),
        Column("State"),
        Column("Written", "num"),
    )

    def rows(self) -> QuerySet[Any]:
        return within(self.request.user)

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(queries.matching(text))

    def decorate(self, rows: list[Any]) -> list[Any]:
        return shown(rows)


def _found(user: Any, number: int, permission: str = "letters.view") -> Letter:
    found = within(user, permission).filter(pk=number).first()
    if found is None:
        raise Http404("There is no such letter.")
    return found


class LetterPage(Record):
    """One letter: to whom, what it said, what came of it."""

    permission = "letters.view"
    under = "Letters"
    template_name = "letters/letter_detail.html"
    list_url_name = "letters:list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        (letter,) = shown([_found(self.request.user, self.kwargs["pk"])])
        may_send = self.request.user.may("letters.send")
        waits = "It still waits to be sent." if queries.still_waits(letter) else ""
        erased = "" if letter.order.contact.erased_at is None else "Whoever it was for was erased."
        return super().get_context_data(**kwargs) | {
            "title": letter.says,
            "letter": letter,
            "may_send": may_send,
            "no_send": waits or erased,
            "address": lettering.address_of(letter.order.number),
            "again": list(letter.again.order_by("id")),
        }


class SendAgain(Action):
    """Write a letter once more."""

    permission = "letters.send"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("letters:detail", kwargs=kwargs)

    def carry_out(self, **kwargs: Any) -> None:
        _found(self.request.user, kwargs["pk"], "letters.send")
        lettering.send_again(
            kwargs["pk"],
            reason=self.request.POST.get("reason", ""),
            to=self.request.POST.get("to", ""),
            **self.doing.as_arguments,
        )


def _failed(standing: frame.Standing) -> int:
    return within(standing.user).filter(queries.needing_a_person()).count()


frame.hang(
    frame.Entry("Letters", "mail", "letters:list", "letters.view", position=16),
    frame.Tile(
        "Failed letters",
        "mail",
        url=lambda standing: f"{reverse('letters:list')}?needs=person",
        count=_failed,
        permission="letters.send",
        tone="stop",
        hint="nobody has read them",
        position=17,
    ),
)
