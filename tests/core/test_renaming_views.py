"""A saved view is its owner's to rename, and two of one list never share a name."""

from uuid import uuid4

import pytest

from oms.core.models import SavedView
from tests.builders import place, sku
from tests.doors.test_order_pages import BACKEND, person

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_owner_renames_a_view_and_nobody_else_does(client):
    sku("MUG")
    place(("MUG", 1))
    ruth, pete = person("ruth", ("manager", "")), person("pete", ("manager", ""))
    held, late = (
        SavedView.objects.create(
            owner=ruth, page="orders.list", name=name, shared=True, settings={"filters": {"needs": name}}
        )
        for name in ("waiting", "late")
    )

    def rename(user, name):
        client.force_login(user, backend=BACKEND)
        fields = {"idempotency_key": uuid4().hex, "view": held.pk, "name": name, "next": "/orders/"}
        return client.post("/me/views/rename", fields, follow=True).content.decode()

    assert "no such view of yours" in rename(pete, "mine")
    assert "Choose another name" in rename(ruth, late.name.upper())
    assert "needs a name" in rename(ruth, "  ")
    assert "is called “Held up” now" in rename(ruth, " Held   up ")
    held.refresh_from_db()
    assert held.name == "Held up"
    assert "Rename this view" in client.get("/orders/?needs=waiting").content.decode()
