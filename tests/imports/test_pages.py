"""The way a person takes: upload, columns, difference, commit, undo."""

import io
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from oms.core.models import Grant, User
from oms.flows.tasks import run_imports
from oms.imports.models import ImportJob
from tests import builders
from tests.builders import level, location, shelf

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def desk(client):
    """A manager's browser and a shelf."""
    builders.reasons()
    shelf("MUG", at="PER", on_hand=12)
    location("SYD", name="Sydney")
    return signed_in(client, "ruth")


def signed_in(client, name, **grant):
    user = User.objects.create_user(name)
    Grant.objects.create(user=user, role="manager", **grant)
    client.force_login(user, backend=BACKEND)
    return client


def upload(client, text, kind="stock"):
    file = SimpleUploadedFile("count.csv", text.encode())
    return client.post("/imports/new", {"kind": kind, "file": file, "idempotency_key": uuid4().hex})


def press(client, job, verb, **fields):
    return client.post(f"/imports/{job.pk}/{verb}", {"idempotency_key": uuid4().hex} | fields, follow=True)


def test_the_whole_way(desk):
    sent = upload(desk, "Item;Wo;Qty\nMUG;PER;10\nMUG;Kontor;2\nNONE;PER;1\n")
    job = ImportJob.objects.get()
    assert sent.headers["Location"] == f"/imports/{job.pk}/columns"
    page = desk.get(sent.headers["Location"])
    assert b"not in the file" in page.content
    columns = {"column_sku": "0", "column_location": "1", "column_on_hand": "2"}
    refused = press(desk, job, "columns", column_sku="0")
    assert (refused.status_code, "No column of the file is location" in refused.content.decode()) == (
        422,
        True,
    )
    working = press(desk, job, "columns", **columns)
    assert b"Working out the difference" in working.content
    part = desk.get(f"/imports/{job.pk}?part=progress")
    assert (b"<html" in part.content, b"hx-get" in part.content) == (False, True)
    run_imports(str(job.pk))
    assert desk.get(f"/imports/{job.pk}?part=progress").headers["HX-Refresh"] == "true"
    difference = desk.get(f"/imports/{job.pk}").content.decode()
    assert "Import 1 good row" in difference
    assert '<span class="was">12</span>' in difference
    press(desk, job, "commit")
    run_imports(str(job.pk))
    assert level().on_hand == 10
    assert "Kontor" in desk.get(f"/imports/{job.pk}?tab=refused").content.decode()
    text = b"".join(desk.get(f"/imports/{job.pk}/refused").streaming_content).decode()
    assert text.splitlines()[0] == "\ufeffItem;Wo;Qty;reason"
    assert text.splitlines()[1].startswith("MUG;Kontor;2;Wo: No location")
    press(desk, job, "undo")
    run_imports(str(job.pk))
    assert level().on_hand == 12
    assert "IMP-" in desk.get("/imports/").content.decode()


def test_words_for_locations_are_asked_about_and_remembered(desk):
    text = "Item,Site,Qty\nMUG,Kontor,2\n"
    upload(desk, text)
    job = ImportJob.objects.get()
    fields = {"column_sku": "0", "column_location": "1", "column_on_hand": "2", "place_0": "SYD"}
    press(desk, job, "columns", **fields)
    run_imports(str(job.pk))
    job.refresh_from_db()
    assert (job.created, job.refused) == (1, 0)
    upload(desk, text)
    again = ImportJob.objects.exclude(pk=job.pk).get()
    assert again.options["locations"] == {"Kontor": "SYD"}
    assert "last time" in desk.get(f"/imports/{again.pk}/columns").content.decode()


def test_people_see_and_undo_only_what_is_theirs(desk, client):
    upload(desk, "sku,location,on_hand\nMUG,PER,10\n")
    job = ImportJob.objects.get()
    press(desk, job, "columns", column_sku="0", column_location="1", column_on_hand="2")
    run_imports(str(job.pk))
    other = signed_in(client, "pete", location_code="SYD")
    assert other.get(f"/imports/{job.pk}").status_code == 404
    assert press(other, job, "commit").status_code == 404
    assert level().on_hand == 12


def test_an_export_opens_in_a_spreadsheet(desk):
    answer = desk.get("/imports/export/stock?format=xlsx")
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert [cell.value for cell in list(book.active.rows)[1]][:3] == ["MUG", "PER", "12"]
    assert b"sku,location" in b"".join(desk.get("/imports/sample/stock").streaming_content)


def test_pickers_stay_outside(client, db):
    user = User.objects.create_user("mai")
    Grant.objects.create(user=user, role="picker")
    client.force_login(user, backend=BACKEND)
    for path in ("/imports/", "/imports/new", "/imports/export/stock", "/imports/sample/stock"):
        assert client.get(path).status_code == 403
