"""Files over REST, as another program sends them."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from oms.core import tokens
from oms.core.actors import SYSTEM
from oms.flows.tasks import run_imports
from tests import builders
from tests.builders import NOON, level, location, shelf, sku

pytestmark = pytest.mark.django_db(transaction=True)
GOOD = "sku,location,on_hand\nMUG,PER,10\nMUG,SYD,3\nNONE,PER,1\n"


class Api:
    """A program with a token."""

    def __init__(self, *scopes: str, locations: tuple[str, ...] = ()) -> None:
        _, text = tokens.create(
            "tests", scopes=scopes or ("*",), location_codes=locations, actor=SYSTEM, at=NOON
        )
        self.client = Client(headers={"authorization": f"Bearer {text}"})

    def get(self, path: str):
        return self.client.get(f"/api/v1/{path}")

    def upload(self, text: str, kind="stock", *, key="", **fields):
        file = SimpleUploadedFile("stock.csv", text.encode(), content_type="text/csv")
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post("/api/v1/imports", {"kind": kind, "file": file} | fields, headers=headers)

    def done(self, answer) -> dict:
        """Let the worker come by, and read the job."""
        assert answer.status_code == 202, answer.content
        run_imports(answer.json()["id"])
        return self.client.get(answer.json()["url"]).json()


@pytest.fixture
def api(db) -> Api:
    builders.reasons()
    shelf("MUG", at="PER", on_hand=12)
    location("SYD")
    return Api()


def test_a_dry_run_stops_at_the_difference_until_it_is_committed(api):
    sent = api.upload(GOOD, dry_run="true")

    assert set(sent.json()) == {"id", "status", "url"}
    assert sent.json()["status"] == "checking"
    job = api.done(sent)
    assert {
        name: job[name] for name in ("status", "rows", "created", "changed", "same", "refused", "progress")
    } == {
        "status": "checked",
        "rows": 3,
        "created": 1,
        "changed": 1,
        "same": 0,
        "refused": 1,
        "progress": 100,
    }
    wrong = {"row": 4, "column": "sku", "value": "NONE", "reason": "No SKU with this code."}
    assert job["errors"]["results"] == [wrong]
    assert api.get(f"imports/{job['id']}/errors").json() == {
        "results": [wrong],
        "next": None,
        "previous": None,
    }
    assert level().on_hand == 12
    again = api.done(api.client.post(f"/api/v1/imports/{job['id']}/commit"))
    assert (again["status"], again["created"], again["changed"]) == ("committed", 1, 1)
    assert (level().on_hand, level(at="SYD").on_hand) == (10, 3)
    undone = api.done(api.client.post(f"/api/v1/imports/{job['id']}/undo"))
    assert (undone["status"], undone["undone"], level().on_hand) == ("undone", 2, 12)
    assert api.client.post(f"/api/v1/imports/{job['id']}/undo").json()["code"] == "illegal-transition"


def test_without_a_dry_run_the_good_rows_are_committed(api):
    assert api.done(api.upload(GOOD, dry_run="false"))["status"] == "committed"
    second = api.done(api.upload(GOOD, dry_run="false"))
    assert (second["created"], second["changed"], second["same"]) == (0, 0, 2)


def test_one_key_uploads_once(api):
    first, second = (api.upload(GOOD, key="k1") for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert len(api.get("imports").json()["results"]) == 1
    assert api.upload(GOOD + "\n", key="k1").json()["code"] == "idempotency-key-reused"


@pytest.mark.parametrize(
    ("text", "fields", "code", "status"),
    [
        (GOOD, {"kind": "magic"}, "unknown-kind", 422),
        ("", {}, "unreadable-file", 422),
        ("a,b\n1,2\n", {}, "columns-missing", 422),
        (GOOD, {"dry_run": "perhaps"}, "invalid", 422),
        (GOOD, {"options": '{"colour": 1}'}, "invalid", 422),
        (GOOD, {"mapping": '{"sku": "nowhere"}'}, "invalid", 422),
        ("x," * 300 + "\n1\n", {}, "file-too-large", 413),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(api, text, fields, code, status):
    answer = api.upload(text, **fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_columns_may_be_named(api):
    mapping = json.dumps({"sku": "A", "location": "B", "on_hand": "C"})
    job = api.done(api.upload("A,B,C\nMUG,PER,9\n", dry_run="false", mapping=mapping))
    assert (job["changed"], job["columns"]) == (1, {"sku": "A", "location": "B", "on_hand": "C"})


def test_a_token_reaches_its_locations_and_its_own_files(api):
    bound = Api("imports:*", "stock:*", locations=("SYD",))
    job = bound.done(bound.upload(GOOD, dry_run="false"))
    assert (job["created"], job["refused"], level().on_hand) == (1, 2, 12)
    other = api.upload(GOOD).json()["id"]
    assert bound.get(f"imports/{other}").status_code == 404
    assert Api("orders:*").get("imports").status_code == 403
    assert Api("imports:*").upload(GOOD).status_code == 403
    assert "MUG,PER" not in b"".join(bound.get("exports?kind=stock").streaming_content).decode()


def test_an_export_comes_back_in_and_changes_nothing(api):
    sku("EVIL", name="=HYPERLINK(1)")
    for kind, codes in (("stock", "MUG,PER,12"), ("skus", "EVIL,'=HYPERLINK(1)"), ("locations", "PER,Per")):
        answer = api.get(f"exports?kind={kind}")
        text = b"".join(answer.streaming_content).decode()
        assert codes in text
        job = api.done(api.upload(text, kind, dry_run="false"))
        assert (job["created"], job["changed"], job["refused"]) == (0, 0, 0), job["errors"]
        assert job["same"] > 0
    assert api.get("exports?kind=magic").json()["code"] == "unknown-kind"
