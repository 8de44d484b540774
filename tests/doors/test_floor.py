"""The floor pages as a device calls them: claim, scan, undo, short, parcel, papers, hand-over."""

from uuid import uuid4

import pytest
from django.test import Client

from fulfilment.models import FulfilmentOrder
from oms.core.models import Grant
from oms.core.roles import Role
from tests import builders
from tests.builders import breaches, level, place, shelf

pytestmark = pytest.mark.django_db


def person(*grants: tuple[Role, str], name: str = "mai") -> Client:
    """Somebody signed in with these roles."""
    user = builders.worker(name)
    Grant.objects.bulk_create(Grant(user=user, role=role, location_code=code) for role, code in grants)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def mai() -> Client:
    return person((Role.PICKER, "PER"), (Role.PACKER, "PER"))


@pytest.fixture
def work() -> str:
    shelf("MUG", on_hand=5)
    shelf("CUP", on_hand=5)
    return place(("MUG", 2), ("CUP", 1)).work[0].number


def scan(client: Client, step: str, number: str, code: str, *, key: str | None = None) -> dict:
    """Send a scan as the device does."""
    answer = client.post(
        f"/{step}/{number}/scan", {"code": code}, headers={"Idempotency-Key": key or str(uuid4())}
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_an_order_goes_through_the_floor(mai, work):
    assert mai.get("/pick").status_code == 200
    started = mai.post("/pick/next")
    assert started.headers["Location"] == f"/pick/{work}"
    assert mai.get(f"/pick/{work}").status_code == 200

    for code in ("MUG", "MUG", "CUP"):
        assert scan(mai, "pick", work, code)["result"] == "ok"
    assert FulfilmentOrder.objects.get().status == "picked"
    assert mai.get(f"/pack/{work}").status_code == 200
    for code in ("MUG", "MUG", "CUP"):
        assert scan(mai, "pack", work, code)["result"] == "ok"
    closed = mai.post(
        f"/pack/{work}",
        {
            "box": "M",
            "carrier": "auspost",
            "weight_grams": "900",
            "tracking_number": "AP77",
            "idempotency_key": "k1",
        },
    )
    assert closed.status_code == 302, closed.content
    assert mai.get(f"/ship/{work}").status_code == 200
    gone = mai.post(f"/ship/{work}/hand-over", {"idempotency_key": "k2"})

    assert gone.status_code == 302
    assert FulfilmentOrder.objects.get().status == "shipped"
    assert (level("MUG").on_hand, level("MUG").reserved) == (3, 0)
    assert breaches() == {}


def test_the_same_scan_key_counts_once(mai, work):
    key = str(uuid4())

    scan(mai, "pick", work, "MUG", key=key)
    scan(mai, "pick", work, "MUG", key=key)

    assert FulfilmentOrder.objects.get().lines.get(sku__code="MUG").quantity_picked == 1


def test_a_wrong_item_is_refused_and_nothing_is_counted(mai, work):
    builders.sku("POT")

    answer = scan(mai, "pick", work, "POT")

    assert answer["result"] == "wrong"
    assert "POT" in answer["detail"]
    assert answer["want"]["sku"] == "MUG"


def test_one_too_many_is_refused(mai, work):
    scan(mai, "pick", work, "CUP")

    assert scan(mai, "pick", work, "CUP")["result"] == "wrong"


def test_a_scan_is_undone_once(mai, work):
    answer = scan(mai, "pick", work, "MUG")

    for _ in range(2):
        assert mai.post(answer["undo_url"]).json()["result"] == "ok"

    assert FulfilmentOrder.objects.get().lines.get(sku__code="MUG").quantity_picked == 0


def test_a_short_pick_writes_off_what_is_missing_and_the_customer_waits(mai, work):
    scan(mai, "pick", work, "MUG")
    reason = builders.AdjustmentReason.objects.get(code="lost")

    answer = mai.post(
        f"/pick/{work}/short", {"sku": "MUG", "missing": "1", "reason": reason.pk, "idempotency_key": "s"}
    )

    assert answer.status_code == 302, answer.content
    assert level("MUG").on_hand == 4
    order = FulfilmentOrder.objects.get().order
    assert (order.status, order.lines.get(sku__code="MUG").quantity_waiting) == ("backordered", 1)
    assert breaches() == {}


def test_a_person_of_another_site_finds_nothing(work):
    ben = person((Role.PICKER, "SYD"), name="ben")

    assert ben.get(f"/pick/{work}").status_code == 404
    assert (
        ben.post(f"/pick/{work}/scan", {"code": "MUG"}, headers={"Idempotency-Key": "x"}).status_code == 404
    )
    assert ben.post("/pick/next").headers["Location"] == "/pick"


def test_two_devices_never_get_the_same_task(mai, work):
    other = person((Role.PICKER, "PER"), name="ben")
    mai.post("/pick/next")

    assert other.post("/pick/next").headers["Location"] == "/pick"
    assert scan(other, "pick", work, "MUG")["result"] == "wrong"


def test_papers_are_pdf(mai, work):
    builders.pack(work, "CUP")
    parcel = FulfilmentOrder.objects.get().parcels.get()

    for path in (
        f"/pick/{work}/pick-list.pdf",
        f"/pack/{work}/packing-slip.pdf",
        f"/pack/{work}/{parcel.number}.pdf",
    ):
        answer = mai.get(path)
        assert answer.status_code == 200
        assert answer.content.startswith(b"%PDF")


def test_a_packer_undoes_what_was_packed_by_mistake(work):
    packer = person((Role.PACKER, "PER"), name="jo")
    builders.scan(work, "CUP", builders.ScanKind.PICK)
    FulfilmentOrder.objects.update(claimed_by=None)

    answer = scan(packer, "pack", work, "CUP")

    assert packer.post(answer["undo_url"]).json()["result"] == "ok"
    assert FulfilmentOrder.objects.get().lines.get(sku__code="CUP").quantity_packed == 0
