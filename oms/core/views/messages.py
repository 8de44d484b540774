"""Messages of the outbox: what stopped, why, and three ways on: mend, replay, discard."""

import json
from abc import abstractmethod
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from oms.core import dead_letters, frame
from oms.core.errors import Refusal
from oms.core.forms import DiscardForm, MendForm
from oms.core.models import OutboxMessage
from oms.core.rules import MessageState
from oms.core.status import look_of
from oms.core.views.frame import Action, Button, Form, Record, one_effect, own_path
from oms.core.views.lists import LAST_DAYS, Choice, Column, Filter, ListPage, Tab, days


def _states(user: Any) -> list[Choice]:
    return [Choice(state.value, look_of("message", state.value).word) for state in MessageState]


def _state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(state=value)


def _topic(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(topic=value)


def _about(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(aggregate=value)


class MessageList(ListPage):
    """Dead letters first; every other message is one tab away."""

    permission = "messages.view"
    title = "Messages"
    under = "Messages"
    template_name = "core/messages.html"
    page_name = "core.messages"
    noun = "message,messages"
    order = ("-id",)
    search_help = "Filter: state, topic, about, text…"
    tabs = (
        Tab("Stopped", {"state": "dead"}, tone="stop"),
        Tab("Queued", {"state": "waiting"}),
        Tab("Discarded", {"state": "discarded"}, counted=False),
        Tab("All", {}, counted=False),
    )
    filters = (
        Filter("state", "State", _state, _states),
        Filter("topic", "Topic", _topic, kind="text"),
        Filter("about", "About", _about, kind="text"),
        Filter("since", "Recorded", days("recorded_at"), lambda user: LAST_DAYS),
    )
    columns = (
        Column("Message"),
        Column("About"),
        Column("State"),
        Column("Attempts", "num"),
        Column("Last error"),
        Column("Recorded"),
        Column("Next try"),
    )

    def rows(self) -> QuerySet[Any]:
        return OutboxMessage.objects.all()

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(aggregate__icontains=text) | rows.filter(last_error__icontains=text)


class MessagePage(Record):
    """One message: what it says, what went wrong, and the ways on."""

    permission = "messages.view"
    under = "Messages"
    template_name = "core/message.html"
    list_url_name = "core:messages"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        message = OutboxMessage.objects.filter(pk=self.kwargs["pk"]).first()
        if message is None:
            raise Http404("There is no such message.")
        before, after = MessageList.neighbours(
            message, list_query=self.request.GET.get("list", ""), user=self.request.user, request=self.request
        )
        return super().get_context_data(**kwargs) | {
            "title": message.topic,
            "message": message,
            "previous_record": before,
            "next_record": after,
            "may_replay": self.request.user.may("messages.replay"),
            "held_back": dead_letters.held_back(message).count(),
            "deliveries": message.deliveries.select_related("endpoint").order_by("-attempted_at")[:20],
        }


class Replay(Action):
    """Send one stopped message again, as it is."""

    permission = "messages.replay"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("core:message", kwargs=kwargs)

    def carry_out(self, **kwargs: Any) -> None:
        dead_letters.replay(kwargs["pk"], **self.doing.as_arguments)


class ReplayMany(Button):
    """Send the ticked stopped messages again; one that is refused says why and stops no other."""

    permission = "messages.replay"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("core:messages") + "?state=dead"

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        ids = [int(one) for one in request.POST.getlist("row") if one.isdecimal()]
        refused = []
        for message_id in ids:
            try:
                dead_letters.replay(message_id, **self.doing.as_arguments)
            except Refusal as refusal:
                refused.append(f"Message {message_id}: {refusal}")
        done = len(ids) - len(refused)
        if done:
            messages.success(request, f"{done} of {len(ids)} messages are queued again.")
        for said in refused[:20]:
            messages.error(request, said)
        target = own_path(request, request.POST.get("next"), otherwise=self.fallback())
        return HttpResponseRedirect(target)


class _OneMessage(Form):
    permission = "messages.replay"
    under = "Messages"
    template_name = "core/message_form.html"
    button: ClassVar[str] = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        message = OutboxMessage.objects.filter(pk=self.kwargs["pk"]).first()
        if message is None:
            raise Http404("There is no such message.")
        return super().get_context_data(**kwargs) | {"message": message, "button": self.button}

    def carry_out(self, form: Any) -> str:
        with one_effect(self.request):
            self.settle(form.cleaned_data)
        return reverse("core:message", kwargs=self.kwargs)

    @abstractmethod
    def settle(self, data: dict[str, Any]) -> None:
        """Settle the message with what the form says."""


class Mend(_OneMessage):
    """Put a stopped message right, and send it."""

    title = "Mend a message"
    button = "Mend and send 1 message"
    form_class = MendForm
    done_message = "Message mended; it is queued again."

    def get_initial(self) -> dict[str, Any]:
        message = OutboxMessage.objects.filter(pk=self.kwargs["pk"]).first()
        payload = message.payload if message else {}
        return {"payload": json.dumps(payload, indent=2, ensure_ascii=False)}

    def settle(self, data: dict[str, Any]) -> None:
        dead_letters.mend(
            self.kwargs["pk"], payload=data["payload"], reason=data["reason"], **self.doing.as_arguments
        )


class Discard(_OneMessage):
    """Decide that a message will not be sent."""

    title = "Discard a message"
    button = "Discard 1 message"
    form_class = DiscardForm
    done_message = "Message discarded; the ones behind it go on."

    def settle(self, data: dict[str, Any]) -> None:
        dead_letters.discard(self.kwargs["pk"], reason=data["reason"], **self.doing.as_arguments)


frame.hang(
    frame.Entry("Home", "home", "core:home", letter="h", position=0, tab=True),
    frame.Entry("Messages", "send", "core:messages", "messages.view", "Watch", "m", position=70),
    frame.Entry("Admin", "settings", "admin:index", "admin.enter", "Set up", "a", position=95),
    frame.Tile(
        "Dead letters",
        "send",
        lambda standing: reverse("core:messages") + "?state=dead",
        lambda standing: dead_letters.outgoing().count(),
        "messages.view",
        tone="stop",
        hint="messages that stopped",
        position=80,
    ),
)
