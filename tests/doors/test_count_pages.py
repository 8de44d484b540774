"""Counts as people meet them: blind on the handheld, open to the third person, exact on the results page."""

from uuid import uuid4

import pytest
from django.test import Client

from inventory.models import CountPlan, CountTask, Lot
from oms.catalogue.models import Barcode, Pack
from oms.core.roles import Role
from oms.flows import count_opening
from oms.flows.count_opening import Wanted
from tests.builders import NOON, TESTER, level, shelf, sku
from tests.doors.test_floor import person

pytestmark = pytest.mark.django_db(transaction=True)
# A figure that stands nowhere else on a page.
BOOKS = 7_319


@pytest.fixture
def mai() -> Client:
    return person((Role.PICKER, "PER"))


@pytest.fixture
def ben() -> Client:
    return person((Role.PICKER, "PER"), name="ben")


@pytest.fixture
def ruth() -> Client:
    return person((Role.MANAGER, ""), name="ruth")


@pytest.fixture
def number() -> str:
    shelf("MUG", on_hand=BOOKS)
    (number,) = count_opening.open_counts(
        Wanted(location="PER", sku="MUG"), cause="Asked", actor=TESTER, at=NOON
    )
    return number


def post(client: Client, path: str, **fields):
    return client.post(f"/stock/counts/{path}", {"idempotency_key": uuid4().hex} | fields, follow=True)


def scan(client: Client, number: str, code: str, **fields) -> dict:
    """Send a scan as the device does."""
    key = fields.pop("key", str(uuid4()))
    answer = client.post(
        f"/stock/counts/{number}/scan", {"code": code} | fields, headers={"Idempotency-Key": key}
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def counts_as(client: Client, number: str, figure: int):
    post(client, f"{number}/claim")
    assert scan(client, number, "MUG", figure=str(figure), typed="1")["result"] == "ok"
    return post(client, f"{number}/finish")


def blind(*texts) -> bool:
    return not any(str(BOOKS) in text or f"{BOOKS:,}" in text for text in texts)


def test_the_counter_is_shown_nothing_of_the_books(mai, ben, number):
    pages = [mai.get("/stock/counts/"), mai.get(f"/stock/counts/{number}/count")]
    post(mai, f"{number}/claim")
    pages.append(mai.get(f"/stock/counts/{number}/count"))
    answer = scan(mai, number, "MUG")
    pages += [post(mai, f"{number}/finish")]
    assert "A second count was asked for" in pages[-1].content.decode()
    pages.append(ben.get(f"/stock/counts/{number}/count"))

    assert blind(str(answer), *(page.content.decode() for page in pages))
    assert mai.get(f"/stock/counts/{number}").status_code in {403, 404}


def test_the_second_counter_is_shown_nothing_of_the_first(mai, ben, number):
    counts_as(mai, number, 4_711)
    post(ben, f"{number}/claim")
    page = ben.get(f"/stock/counts/{number}/count").content.decode()
    assert "4711" not in page
    assert "4,711" not in page


def test_a_manager_sees_figures_when_nobody_counts_any_more(mai, ben, ruth, number):
    assert blind(ruth.get(f"/stock/counts/{number}").content.decode())
    counts_as(mai, number, BOOKS - 2)
    assert blind(ruth.get(f"/stock/counts/{number}").content.decode())
    counts_as(ben, number, BOOKS - 2)

    page = ruth.get(f"/stock/counts/{number}")
    assert not blind(page.content.decode())
    assert page.context["rows"][0]["off"] == -2
    post(ruth, f"{number}/approve")
    assert level().on_hand == BOOKS - 2
    assert CountTask.objects.get().status == "posted"


def test_recount_and_reject_from_the_page(mai, ben, ruth, number):
    counts_as(mai, number, 1)
    counts_as(ben, number, 2)
    assert "do not agree" in ruth.get(f"/stock/counts/{number}").content.decode()
    post(ruth, f"{number}/recount")
    assert CountTask.objects.get().status == "recount"
    assert "Say why" in post(ruth, f"{number}/reject", note=" ").content.decode()
    post(ruth, f"{number}/reject", note="Wrong shelf")
    assert CountTask.objects.get().status == "cancelled"
    assert level().on_hand == BOOKS


def test_a_pack_counts_its_pieces_and_one_key_once(mai, number):
    mug = sku("MUG")
    Barcode.objects.create(
        sku=mug, code="9312340044271", pack=Pack.objects.create(sku=mug, name="carton", quantity=12)
    )
    post(mai, f"{number}/claim")
    key = str(uuid4())
    for _ in range(2):
        answer = scan(mai, number, "0109312340044271", gtin="09312340044271", key=key)
        assert answer["result"] == "ok"
    state = mai.get(f"/stock/counts/{number}/count")
    assert state.context["pieces"] == 12
    mai.post(answer["undo_url"], headers={"Idempotency-Key": str(uuid4())})
    assert mai.get(f"/stock/counts/{number}/count").context["left"]


def test_a_lot_is_asked_for_and_read_from_the_code(mai):
    oil = sku("OIL", is_lot_tracked=True)
    Lot.objects.create(sku=oil, code="L1", created_at=NOON)
    shelf("MUG", on_hand=1)
    (number,) = count_opening.open_counts(
        Wanted(location="PER", sku="OIL"), cause="Asked", actor=TESTER, at=NOON
    )
    post(mai, f"{number}/claim")
    assert scan(mai, number, "OIL")["result"] == "wrong"
    assert scan(mai, number, "OIL", lot="L9")["result"] == "wrong"
    assert scan(mai, number, "OIL", lot="L1")["result"] == "ok"


def test_what_was_not_asked_for_stays_and_gets_a_count_of_its_own(mai, number):
    shelf("CUP", on_hand=1)
    post(mai, f"{number}/claim")
    assert scan(mai, number, "CUP")["result"] == "look"
    assert scan(mai, number, "nonsense")["result"] == "wrong"
    assert CountTask.objects.get(cause=f"Found while counting {number}").status == "open"


def test_next_gives_two_people_two_counts(mai, ben, number):
    shelf("CUP", on_hand=1)
    count_opening.open_counts(Wanted(location="PER", sku="CUP"), cause="Asked", actor=TESTER, at=NOON)
    first, second = post(mai, "next"), post(ben, "next")
    assert first.redirect_chain[-1][0] != second.redirect_chain[-1][0]
    assert post(mai, "next").redirect_chain[-1][0] == first.redirect_chain[-1][0]


def test_the_card_the_list_and_the_file_say_the_same(mai, ben, ruth, number):
    counts_as(mai, number, BOOKS)
    shelf("CUP", on_hand=3)
    (other,) = count_opening.open_counts(
        Wanted(location="PER", sku="CUP"), cause="Asked", actor=TESTER, at=NOON
    )
    for who in (mai, ben):
        post(who, f"{other}/claim")
        scan(who, other, "CUP", figure="2", typed="1")
        post(who, f"{other}/finish")
    post(ruth, f"{other}/approve")

    page = ruth.get("/stock/counts/results")
    assert (page.context["accuracy"]["lines"], page.context["accuracy"]["exact"]) == (2, 50)
    off = ruth.get("/stock/counts/results?off=yes")
    assert [row.level.sku.code for row in off.context["rows"]] == ["CUP"]
    lines = ruth.get("/stock/counts/results.csv?off=yes").content.decode().splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("CUP,,3,2,-1")
    assert page.context["trend"][0]["wrong"] == 1


def test_a_plan_is_made_on_a_page(ruth, number):
    place = level().location
    fields = {"location": place.pk, "name": "Daily", "days_a": 7, "days_b": 30, "days_c": 90}
    fields |= {"tasks_per_day": 5, "weekdays": ["0", "4"], "tolerance_pieces": 1, "tolerance_value_minor": 0}
    assert "The plan is saved" in post(ruth, "plans/new", is_active="on", **fields).content.decode()
    plan = CountPlan.objects.get()
    assert plan.weekdays == [0, 4]
    fields["days_a"] = 14
    post(ruth, f"plans/{plan.pk}", is_active="on", **fields)
    assert CountPlan.objects.get().days_a == 14


def test_counts_are_asked_for_on_a_page(ruth, number):
    shelf("CUP", on_hand=1)
    post(ruth, "new", location="PER", sku="CUP", cause="Customer got one too few")
    assert CountTask.objects.latest("pk").cause == "Customer got one too few"
    again = post(ruth, "new", location="PER", sku="CUP", cause="Again")
    assert "being counted already" in again.content.decode()
    assert "one of the two" in post(ruth, "new", cause="x").content.decode()


def test_people_count_only_where_they_may(number):
    elsewhere = person((Role.PICKER, "SYD"), name="syd")
    assert elsewhere.get(f"/stock/counts/{number}/count").status_code == 404
    assert elsewhere.get("/stock/counts/").context["total"] == 0
