"""Paging by key: every row once, in order, forwards and backwards, whatever the ties and nulls."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from oms.core.models import OutboxMessage, SavedView, User
from oms.core.views import messages
from oms.core.views.lists import BadCursor, beyond, read_cursor, turned, write_cursor
from tests.builders import NOON

pytestmark = pytest.mark.django_db
ORDERS = (("-id",), ("recorded_at", "id"), ("-delivered_at", "-id"), ("delivered_at", "id"))


def _message(minutes: int, *, delivered: int | None = None, state: str = "dead", **facts) -> OutboxMessage:
    return OutboxMessage.objects.create(
        topic=facts.pop("topic", "order.placed"),
        aggregate=facts.pop("aggregate", f"order:{minutes}"),
        payload={},
        state="delivered" if delivered is not None else state,
        recorded_at=NOON + timedelta(minutes=minutes),
        due_at=NOON,
        delivered_at=None if delivered is None else NOON + timedelta(minutes=delivered),
        **facts,
    )


def _walk(order: tuple[str, ...], size: int) -> list[int]:
    rows, seen, cursor = OutboxMessage.objects.order_by(*order), [], None
    while True:
        page = rows.filter(beyond(order, read_cursor(cursor, order), forward=True)) if cursor else rows
        taken = list(page[:size])
        seen += [row.pk for row in taken]
        if len(taken) < size:
            return seen
        cursor = write_cursor(taken[-1], order)


@pytest.mark.parametrize("order", ORDERS)
@settings(max_examples=15, deadline=None)
@given(
    minutes=some.lists(some.tuples(some.integers(0, 3), some.none() | some.integers(0, 3)), max_size=12),
    size=some.integers(1, 4),
)
def test_each_row_is_met_once_and_in_order(order, minutes, size):
    OutboxMessage.objects.all().delete()
    for recorded, delivered in minutes:
        _message(recorded, delivered=delivered)
    whole = list(OutboxMessage.objects.order_by(*order).values_list("pk", flat=True))
    assert _walk(order, size) == whole
    back = list(OutboxMessage.objects.order_by(*turned(order)).values_list("pk", flat=True))
    assert sorted(back) == sorted(whole)


def test_a_spoilt_cursor_is_refused():
    with pytest.raises(BadCursor):
        read_cursor("nonsense", ("-id",))
    with pytest.raises(BadCursor):
        read_cursor(write_cursor(_message(1), ("-id",)), ("recorded_at", "id"))


@pytest.fixture
def ruth(client):
    user = User.objects.create_user("ruth", password="correct horse battery", is_superuser=True)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def test_a_list_shows_what_its_address_says_and_counts_what_it_shows(client, ruth):
    for number in range(3):
        _message(number, topic="order.placed")
    _message(9, topic="shipment.left")
    page = client.get("/messages?state=dead&topic=shipment.left")
    assert [row.topic for row in page.context["rows"]] == ["shipment.left"]
    assert page.context["total"] == 1
    tabs = {tab["name"]: tab["count"] for tab in client.get("/messages").context["tabs"]}
    assert tabs["Stopped"] == len(client.get("/messages?state=dead").context["rows"]) == 4


def test_words_typed_as_name_and_value_are_filters(client, ruth):
    _message(1, topic="order.placed")
    _message(2, topic="shipment.left")
    page = client.get("/messages", {"q": "topic:shipment.left"})
    assert [row.topic for row in page.context["rows"]] == ["shipment.left"]
    assert page.context["tokens"][0]["word"] == "shipment.left"


def test_pages_go_on_and_back_and_keep_the_filter(client, ruth, monkeypatch):
    monkeypatch.setattr(messages.MessageList, "page_size", 2)
    ids = [_message(number).pk for number in range(5)][::-1]
    first = client.get("/messages?state=dead")
    second = client.get("/messages", {"state": "dead", "after": first.context["next"]})
    third = client.get("/messages", {"state": "dead", "after": second.context["next"]})
    again = client.get("/messages", {"state": "dead", "before": third.context["previous"]})
    shown = [[row.pk for row in page.context["rows"]] for page in (first, second, third, again)]
    assert shown == [ids[:2], ids[2:4], ids[4:], ids[2:4]]
    assert not first.context["previous"]
    assert not third.context["next"]


def test_a_record_knows_its_neighbours_in_the_list_it_was_opened_from(client, ruth):
    old, mid, new = (_message(number, aggregate="order:7") for number in range(3))
    _message(5, aggregate="order:8")
    page = client.get(f"/messages/{mid.pk}", {"list": "about=order%3A7"})
    assert (page.context["previous_record"], page.context["next_record"]) == (new, old)
    assert page.context["back"] == "/messages?about=order%3A7"


def test_a_view_is_saved_shared_and_forgotten_and_a_name_is_taken_once(client, ruth):
    saved = {
        "page": "core.messages",
        "name": "Ours",
        "query": "topic=order.placed",
        "shared": "1",
        "next": "/messages",
    }
    client.post("/me/views/save", saved | {"idempotency_key": "one"})
    again = client.post("/me/views/save", saved | {"idempotency_key": "two"}, follow=True)
    assert "named “Ours” already" in again.content.decode()
    view = SavedView.objects.get()
    other = User.objects.create_user("dan", is_superuser=True)
    client.force_login(other, backend="django.contrib.auth.backends.ModelBackend")
    assert "Ours" in [tab["name"] for tab in client.get("/messages").context["tabs"]]
    client.post("/me/views/forget", {"view": view.pk})
    assert SavedView.objects.exists()
    client.force_login(ruth, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/me/views/forget", {"view": view.pk})
    assert not SavedView.objects.exists()
