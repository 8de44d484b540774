"""Files of orders at every door: who may send them, look at them, take them back and take them out."""

import io
import json
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from openpyxl import load_workbook

from oms.core.models import Grant, User
from oms.flows.tasks import run_imports
from oms.imports.models import ImportJob
from oms.orders.models import Order
from tests import builders
from tests.builders import breaches, channel, shelf
from tests.imports.test_rest import Api

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"
TEXT = (
    "Order,Buyer,Street,City,Country,Currency,Item,Qty,Price\n"
    "W-1,Lee Kim,14 Wattle Street,Perth,AU,AUD,MUG,2,24.00\n"
    "W-1,,,,,,BOWL,1,12.50\n"
    "W-2,Lee Kim,14 Wattle Street,Perth,AU,AUD,NONE,1,1.00\n"
)


@pytest.fixture(autouse=True)
def invariants_hold():
    yield
    assert breaches() == {}


@pytest.fixture
def shop(db):
    """A channel, and mugs and bowls at Perth."""
    builders.reasons()
    channel("shop", kind="storefront")
    shelf("MUG", on_hand=9)
    shelf("BOWL", on_hand=9)


def signed_in(client, name, role="manager", **grant):
    user = User.objects.create_user(name)
    Grant.objects.create(user=user, role=role, **grant)
    client.force_login(user, backend=BACKEND)
    return client


def upload(client):
    file = SimpleUploadedFile("orders.csv", TEXT.encode())
    fields = {"kind": "orders", "file": file, "idempotency_key": uuid4().hex}
    return client.post("/imports/new", fields, follow=True)


def press(client, job, verb, **fields):
    return client.post(f"/imports/{job.pk}/{verb}", {"idempotency_key": uuid4().hex} | fields, follow=True)


def mapped(job) -> dict[str, str]:
    return {f"column_{name}": str(at) for name, at in job.mapping.items()}


def test_a_program_sends_watches_and_takes_back(shop):
    api = Api("imports:*", "orders:*")
    options = json.dumps({"channel": "shop"})

    assert api.upload(TEXT, "orders").json()["code"] == "columns-missing"
    dry = api.done(api.upload(TEXT, "orders", options=options))

    assert (dry["status"], dry["created"], dry["refused"]) == ("checked", 2, 1)
    assert dry["errors"]["results"] == [
        {"row": 4, "column": "Item", "value": "NONE", "reason": "No active SKU has this code."}
    ]
    done = api.done(api.client.post(f"/api/v1/imports/{dry['id']}/commit"))
    assert (done["status"], Order.objects.get().channel.code) == ("committed", "shop")
    assert Order.objects.get().fulfilment_orders.count() == 1
    text = b"".join(api.get("exports?kind=orders").streaming_content).decode()
    assert "14 Wattle Street" in text
    undone = api.done(api.client.post(f"/api/v1/imports/{dry['id']}/undo"))
    assert (undone["undone"], Order.objects.get().state) == (2, "cancelled")


def test_the_right_to_import_alone_makes_no_order_and_shows_nobody(shop):
    options = json.dumps({"channel": "shop"})
    full, lesser = Api("imports:*", "orders:*"), Api("imports:*", "stock:*")
    job = full.done(full.upload(TEXT, "orders", options=options))

    assert lesser.upload(TEXT, "orders", options=options).status_code == 403
    assert lesser.get(f"imports/{job['id']}").status_code == 404
    assert lesser.get("imports").json()["results"] == []
    assert lesser.get("exports?kind=orders").status_code == 403
    reads = Api("imports:*", "orders:read")
    assert reads.get(f"imports/{job['id']}").status_code == 200
    assert reads.client.post(f"/api/v1/imports/{job['id']}/commit").status_code == 403
    assert not Order.objects.exists()


def test_a_person_matches_columns_looks_and_imports(shop, client):
    desk = signed_in(client, "ruth")
    assert b'href="/imports/new?kind=orders"' in desk.get("/orders/").content
    assert b"Match columns" in upload(desk).content
    job = ImportJob.objects.get()

    without = press(desk, job, "columns", **mapped(job))
    assert (without.status_code, "choose a channel for all of it" in without.content.decode()) == (422, True)
    press(desk, job, "columns", channel="shop", **mapped(job))
    run_imports(str(job.pk))
    difference = desk.get(f"/imports/{job.pk}").content.decode()

    assert "Import 2 good rows" in difference
    assert "2 × MUG at 24.00 AUD" in difference
    assert "60.50" in difference
    # The same columns come with the same answers next time.
    upload(desk)
    assert ImportJob.objects.exclude(pk=job.pk).get().options["channel"] == "shop"
    press(desk, job, "commit")
    run_imports(str(job.pk))
    assert Order.objects.get().contact.customer_name == "Lee Kim"
    text = b"".join(desk.get(f"/imports/{job.pk}/refused").streaming_content).decode()
    assert text.splitlines()[1].startswith("W-2,Lee Kim")
    press(desk, job, "undo")
    run_imports(str(job.pk))
    assert Order.objects.get().state == "cancelled"
    sample = b"".join(desk.get("/imports/sample/orders").streaming_content).decode()
    assert sample.splitlines()[1].startswith("shop,W-1001,")
    book = io.BytesIO(b"".join(desk.get("/imports/export/orders?format=xlsx").streaming_content))
    assert [cell.value for cell in list(load_workbook(book).active.rows)[1]][:2] == ["shop", "W-1"]


def test_who_may_place_orders_at_some_sites_only_imports_none(shop, client):
    desk = signed_in(client, "ruth")
    upload(desk)
    job = ImportJob.objects.get()
    press(desk, job, "columns", channel="shop", **mapped(job))
    run_imports(str(job.pk))
    bound = signed_in(client, "pete", location_code="PER")

    assert b"/imports/new?kind=orders" not in bound.get("/orders/").content
    assert '<option value="orders"' not in bound.get("/imports/new").content.decode()
    assert bound.get(f"/imports/{job.pk}").status_code == 404
    assert bound.get("/imports/export/orders").status_code == 403
    other = signed_in(client, "ines", role="integrator")
    assert other.get(f"/imports/{job.pk}").status_code == 200
    assert "do not allow importing orders" in press(other, job, "commit").content.decode()
    job.refresh_from_db()
    assert job.state == "checked"


def test_the_commands(shop, tmp_path, capsys):
    file = tmp_path / "orders.csv"
    file.write_text(TEXT)
    call_command("import_file", "orders", str(file), "--options", '{"channel": "shop"}')
    assert "3 rows, 2 created, 0 changed, 0 same, 1 refused" in capsys.readouterr().out
    call_command("export_file", "orders", str(tmp_path / "out.csv"))
    call_command("import_file", "orders", str(tmp_path / "out.csv"))
    assert "2 rows, 0 created, 0 changed, 2 same, 0 refused" in capsys.readouterr().out
