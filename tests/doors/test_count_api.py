"""Counts over REST: blind while open, in the name of people, decided by somebody who has not counted."""

import pytest

from inventory.models import Bin, CountTask
from oms.core.models import Grant
from tests.builders import level, location, shelf, worker
from tests.doors.test_rest_contract import Api

pytestmark = pytest.mark.django_db(transaction=True)
BOOKS = 7_319


@pytest.fixture
def people() -> None:
    for name in ("mai", "ben"):
        Grant.objects.create(user=worker(name), role="picker", location_code="PER")
    Grant.objects.create(user=worker("ruth"), role="manager", location_code="PER")


@pytest.fixture
def api(people) -> Api:
    shelf("MUG", on_hand=BOOKS)
    return Api("counts:*")


def asked(api: Api) -> str:
    opened = api.post("count-tasks", {"location": "PER", "sku": "MUG", "cause": "Asked"})
    assert opened.status_code == 201, opened.content
    (number,) = opened.json()["numbers"]
    return number


def counts_as(api: Api, number: str, who: str, figure: int):
    api.post(f"count-tasks/{number}/claim", {"by": who})
    said = api.post(f"count-tasks/{number}/counts", {"by": who, "lines": [{"sku": "MUG", "counted": figure}]})
    assert said.status_code == 200, said.content
    return api.post(f"count-tasks/{number}/finish", {"by": who})


def test_a_count_goes_through_by_api_and_is_blind_until_it_is_decided(api):
    counter = Api("counts:read", "counts:write")
    number = asked(counter)
    told = [counter.get(f"count-tasks/{number}"), counts_as(counter, number, "mai", 4_711)]
    assert told[-1].json()["status"] == "recount"
    told += [counter.get("count-tasks?status=recount")]
    assert not any(b"4711" in each.content for each in told)
    told += [counts_as(counter, number, "ben", 4_711), counter.get(f"count-tasks/{number}")]
    assert not any(str(BOOKS).encode() in each.content for each in told)

    line = api.get(f"count-tasks/{number}").json()["lines"][0]
    assert (line["expected"], line["first_count"], line["second_count"]) == (BOOKS, 4_711, 4_711)
    assert counter.post(f"count-tasks/{number}/approve", {"by": "ruth"}).status_code == 403
    done = api.post(f"count-tasks/{number}/approve", {"by": "ruth", "note": "Two agree"})
    assert (done.json()["status"], done.json()["decided_by"]) == ("posted", "ruth")
    assert level().on_hand == 4_711


@pytest.mark.parametrize(
    ("step", "by", "status", "code"),
    [
        ("claim", "ben", 409, "count-taken"),
        ("claim", "nobody", 422, "invalid"),
        ("finish", "mai", 409, "not-counted"),
        ("approve", "ruth", 409, "not-in-review"),
        ("approve", "mai", 422, "invalid"),
    ],
)
def test_what_does_not_fit_is_refused(api, step, by, status, code):
    number = asked(api)
    api.post(f"count-tasks/{number}/claim", {"by": "mai"})
    refused = api.post(f"count-tasks/{number}/{step}", {"by": by})
    assert (refused.status_code, refused.json()["code"]) == (status, code)


def test_the_second_counter_is_another_person(api):
    number = asked(api)
    counts_as(api, number, "mai", 1)
    refused = api.post(f"count-tasks/{number}/claim", {"by": "mai"})
    assert (refused.status_code, refused.json()["code"]) == (403, "another-person-counts")


def test_a_figure_with_its_instant_may_be_sent_twice(api):
    number = asked(api)
    api.post(f"count-tasks/{number}/claim", {"by": "mai"})
    line = {"sku": "MUG", "counted": 3, "counted_at": "2026-11-23T12:00:00Z"}
    for _ in range(2):
        answer = api.post(f"count-tasks/{number}/counts", {"by": "mai", "lines": [line]})
        assert answer.json()["lines"][0]["counted"] == 3
    assert CountTask.objects.get().lines.get().scans.count() == 1


def test_recount_and_reject(api):
    number = asked(api)
    counts_as(api, number, "mai", 1)
    counts_as(api, number, "ben", 2)
    disagree = api.post(f"count-tasks/{number}/approve", {"by": "ruth"})
    assert disagree.json()["code"] == "counts-disagree"
    assert api.post(f"count-tasks/{number}/recount", {"by": "ruth"}).json()["status"] == "recount"
    ended = api.post(f"count-tasks/{number}/reject", {"by": "ruth", "note": "Wrong shelf"})
    assert ended.json()["status"] == "cancelled"


def test_a_token_sees_the_counts_of_its_locations(api):
    number = asked(api)
    elsewhere = Api("counts:*", locations=("SYD",))
    assert elsewhere.get(f"count-tasks/{number}").status_code == 404
    assert elsewhere.get("count-tasks").json()["results"] == []
    asking = {"location": "PER", "sku": "MUG", "cause": "x"}
    assert elsewhere.post("count-tasks", asking).status_code == 404


def test_bins_of_a_zone_are_counted_each_for_itself(people):
    place = location("PER", is_bin_managed=True)
    for position, code in enumerate(("A-1", "A-2", "A-3"), start=1):
        Bin.objects.create(location=place, code=code, path_position=position)
    api = Api("counts:*")
    zone = {"location": "PER", "bin": "A-1", "upto_bin": "A-2", "cause": "x"}
    assert len(api.post("count-tasks", zone).json()["numbers"]) == 2
    again = api.post("count-tasks", zone)
    assert (again.status_code, again.json()["code"]) == (422, "nothing-to-count")
    assert api.post("count-tasks", {"cause": "x"}).status_code == 422
