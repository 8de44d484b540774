"""The admin: every page opens at a bounded price, says what each field means, and moves things by the flows."""

from datetime import date

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from zeal import zeal_context

from fulfilment.models import FulfilmentOrder
from inventory.models import AdjustmentReason, Bin, ExpectedReceipt, StockLevel, StockLocation
from oms.alerts.models import Alert
from oms.catalogue.models import Barcode, Sku
from oms.channels.models import Channel
from oms.core.models import AuditEntry, Grant, User
from oms.flows import proving, shipping
from oms.orders.models import Order
from tests.builders import NOON, TESTER, channel, location, order, pack, place, rate, shelf, worker

pytestmark = pytest.mark.django_db(transaction=True)
BACKEND = "django.contrib.auth.backends.ModelBackend"
OURS = frozenset({"catalogue", "inventory", "channels", "orders", "fulfilment", "alerts", "reports"})
MOST_QUERIES = 24


def models() -> list:
    """Every model of the admin; they register when the addresses are loaded."""
    reverse("admin:index")
    found = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
    assert {model._meta.app_label for model in found} >= OURS
    return found


def address(model, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def signed_in(client, *grants: tuple[str, str], name: str = "ann"):
    user = User.objects.create_user(name)
    Grant.objects.bulk_create(Grant(user=user, role=role, location_code=code) for role, code in grants)
    client.force_login(user, backend=BACKEND)
    return user


@pytest.fixture
def shop():
    """Two sites, a few SKUs, and orders in every state."""
    for code in ("PER", "SYD"):
        location(code)
        rate(code, region="WA", cost_minor=600, days=2)
    channel("api")
    codes = [f"MUG-{number}" for number in range(8)]
    for code in codes:
        level = shelf(code, on_hand=9)
        Barcode.objects.create(sku=level.sku, code=f"B{code}", is_primary=True)
        ExpectedReceipt.objects.create(
            level=level, reference="PO-1", quantity_expected=5, expected_on=date(2026, 12, 1)
        )
        Bin.objects.create(location=level.location, code=f"A-{code}")
    for code in codes:
        placed = place((code, 1), (codes[0], 1))
        pack(placed.work[0].number, code)
        pack(placed.work[0].number, codes[0])
        shipping.ship(placed.work[0].number, actor=TESTER, at=NOON)
    Alert.objects.bulk_create(
        Alert(
            kind="short_pick", subject_kind="order", subject_id=f"SO-{number}", message="Too few.",
            opened_at=NOON, last_seen_at=NOON, location_code="PER", owner=worker(),
        )
        for number in range(8)
    )  # fmt: skip
    proving.prove(["I1", "I3"], clock=lambda: NOON)


def opened(client, url: str) -> tuple[object, int]:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url)
    return answer, len(queries)


def unexplained(answer) -> list[str]:
    """The editable fields of a page that do not say what they mean."""
    context = answer.context_data
    forms = [context["adminform"].form, *(one.formset.empty_form for one in context["inline_admin_formsets"])]
    editable = [bound for form in forms for bound in form.visible_fields() if bound.name != "DELETE"]
    return [f"{bound.form._meta.model._meta.label}.{bound.name}" for bound in editable if not bound.help_text]


@pytest.mark.slow
def test_every_page_opens_within_a_bounded_number_of_queries_and_explains_its_fields(client, shop):
    signed_in(client, ("administrator", ""))
    dear, mute = {}, []
    asks = client.get("/admin/").wsgi_request
    for model in models():
        held = admin.site._registry[model]
        if not held.has_view_permission(asks):
            assert model._meta.app_label not in OURS
            continue
        asked = [address(model, "changelist"), f"{address(model, 'changelist')}?q=MUG"]
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            asked.append(address(model, "change", row.pk))
        if held.has_add_permission(asks):
            asked.append(address(model, "add"))
        for url in asked:
            answer, queries = opened(client, url)
            assert answer.status_code == 200, url
            if queries > MOST_QUERIES:
                dear[url] = queries
            if model._meta.app_label in OURS and "adminform" in answer.context_data:
                mute += unexplained(answer)

    assert (dear, mute) == ({}, [])


def test_no_list_of_ours_asks_row_by_row(client, shop):
    signed_in(client, ("administrator", ""))
    for model in models():
        if model._meta.app_label in OURS:
            with zeal_context():
                assert client.get(address(model, "changelist")).status_code == 200


def test_a_picker_is_told_that_the_admin_is_closed(client, shop):
    signed_in(client, ("picker", ""))

    assert client.get("/admin/").status_code == 403
    assert client.get(address(Order, "changelist")).status_code == 403


def test_a_stranger_is_sent_to_sign_in(client):
    assert client.get(address(Order, "changelist")).status_code == 302


def test_a_manager_of_one_site_sees_that_site(client, shop):
    shelf("CUP", at="SYD", on_hand=3)
    signed_in(client, ("manager", "SYD"))

    levels = client.get(address(StockLevel, "changelist")).context_data["cl"].result_list
    assert {level.location.code for level in levels} == {"SYD"}
    assert not client.get(address(FulfilmentOrder, "changelist")).context_data["cl"].result_list
    assert not client.get(address(Order, "changelist")).context_data["cl"].result_list


def press(client, model, action: str, *rows, **fields: str) -> str:
    """Carry an action out on rows; what the admin says then."""
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(address(model, "changelist"), chosen | fields, follow=True).content.decode()


@pytest.fixture
def boss(client):
    location("PER")
    rate("PER", region="WA", cost_minor=600, days=2)
    shelf("MUG", on_hand=5)
    return signed_in(client, ("administrator", ""))


def test_orders_are_held_with_a_reason_and_released(client, boss):
    mine = order(place(("MUG", 1)))

    assert f"{mine.number}: " in press(client, Order, "hold", mine, reason="")
    press(client, Order, "hold", mine, reason="Address looks wrong")
    mine.refresh_from_db()
    assert mine.state == "on_hold"
    press(client, Order, "release", mine)
    mine.refresh_from_db()
    assert mine.state == "open"


def test_orders_are_cancelled_and_one_that_is_packed_says_its_name(client, boss):
    free, packed = place(("MUG", 1)), place(("MUG", 1))
    pack(packed.work[0].number, "MUG")

    said = press(client, Order, "cancel", order(free), order(packed), reason="Customer asked")

    assert order(free).state == "cancelled"
    assert order(packed).state == "open"
    assert f"{packed.number}: " in said


def test_backorders_are_served_again(client, boss):
    waiting = order(place(("MUG", 7)))
    shelf("MUG", on_hand=5)

    press(client, Order, "serve_backorders", waiting)

    assert waiting.lines.get().quantity_waiting == 0


def test_work_is_put_back_acknowledged_and_rejected(client, boss):
    placed = place(("MUG", 1))
    work = FulfilmentOrder.objects.get(number=placed.work[0].number)
    FulfilmentOrder.objects.filter(pk=work.pk).update(claimed_by=boss, claimed_at=NOON)

    press(client, FulfilmentOrder, "put_back", work)
    press(client, FulfilmentOrder, "acknowledge", work)
    work.refresh_from_db()
    assert (work.claimed_by, work.request_status) == (None, "acknowledged")
    packed = FulfilmentOrder.objects.get(number=place(("MUG", 1)).work[0].number)
    pack(packed.number, "MUG")
    other = FulfilmentOrder.objects.get(number=place(("MUG", 1)).work[0].number)
    said = press(client, FulfilmentOrder, "reject", packed, other, reason="No staff today")
    other.refresh_from_db()
    assert other.request_status == "rejected"
    assert f"{packed.number}: Part of" in said


def test_alerts_are_taken_and_closed_with_a_note(client, boss):
    one = Alert.objects.create(
        kind="late_order", subject_kind="order", subject_id="SO-1", message="Late.", opened_at=NOON,
        last_seen_at=NOON,
    )  # fmt: skip

    press(client, Alert, "take", one)
    assert "Late.: Say what was done" in press(client, Alert, "close", one, note="")
    press(client, Alert, "close", one, note="Called the customer")
    one.refresh_from_db()
    assert (one.owner, one.note) == (boss, "Called the customer")


def test_a_held_orders_document_is_not_edited(client, boss):
    mine = order(place(("MUG", 1)))

    assert client.post(address(Order, "change", mine.pk), {"total_minor": "1"}).status_code == 403
    assert client.post(address(Order, "delete", mine.pk), {"post": "yes"}).status_code == 403


def test_only_safety_stock_and_the_bin_of_a_level_are_set_and_the_audit_knows(client, boss):
    level = StockLevel.objects.get()
    shelf_a = Bin.objects.create(location=level.location, code="A-01")
    elsewhere = Bin.objects.create(location=location("SYD"), code="Z-01")
    url = address(StockLevel, "change", level.pk)

    refused = client.post(url, {"safety_stock": "2", "pick_bin": elsewhere.pk, "on_hand": "99"})
    assert "stands at another location" in refused.content.decode()
    client.post(url, {"safety_stock": "2", "pick_bin": shelf_a.pk, "on_hand": "99"})

    level.refresh_from_db()
    assert (level.safety_stock, level.pick_bin, level.on_hand, level.available) == (2, shelf_a, 5, 3)
    assert AuditEntry.objects.filter(action="stocklevel.changed", actor_id=str(boss.pk)).exists()


def test_a_sku_is_made_with_a_true_barcode_and_its_code_stays(client, boss):
    fields = {
        "code": "TEA", "name": "Tea", "currency": "AUD", "is_active": "on", "barcodes-TOTAL_FORMS": "1",
        "barcodes-INITIAL_FORMS": "0", "barcodes-0-is_primary": "on",
        "base_unit": "piece", "shelf_life_margin_days": "0",
        **{f"{inline}-{form}": "0" for inline in ("packs", "prices", "components")
           for form in ("TOTAL_FORMS", "INITIAL_FORMS")},
    }  # fmt: skip
    wrong = client.post(address(Sku, "add"), fields | {"barcodes-0-code": "9300675024236"})
    assert "check digit" in wrong.content.decode()
    client.post(address(Sku, "add"), fields | {"barcodes-0-code": "9300675024235"})
    tea = Sku.objects.get(code="TEA")
    assert tea.barcodes.get().code == "9300675024235"

    again = fields | {"barcodes-TOTAL_FORMS": "0"}
    client.post(address(Sku, "change", tea.pk), again | {"code": "COFFEE", "name": "Green tea"})

    tea.refresh_from_db()
    assert (tea.code, tea.name) == ("TEA", "Green tea")
    assert set(AuditEntry.objects.filter(subject_kind="SKU").values_list("action", flat=True)) == {
        "sku.added",
        "sku.changed",
    }


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (Channel, {"code": "shop", "name": "Shop", "kind": "storefront", "currency": "AUD",
                   "backorder_policy": "backorder", "partial_policy": "split", "handling_days": "0",
                   "stock_buffer": "0"}),
        (AdjustmentReason, {"code": "theft", "name": "Theft", "is_active": "on"}),
        (StockLocation, {"code": "HOB", "name": "Hobart", "kind": "own", "country": "AU", "priority": "9",
                         "timezone": "Australia/Hobart", "report_policy": "compare", "bins-0-kind": "storage",
                             "bins-TOTAL_FORMS": "1", "bins-INITIAL_FORMS": "0",
                         "calendar-TOTAL_FORMS": "0", "calendar-INITIAL_FORMS": "0",
                         "special_days-TOTAL_FORMS": "0", "special_days-INITIAL_FORMS": "0",
                         "bins-0-code": "A-01", "bins-0-path_position": "1"}),
    ],
)  # fmt: skip
def test_reference_data_is_added_and_audited(client, boss, model, fields):
    client.post(address(model, "add"), fields)

    assert model.objects.filter(code=fields["code"]).exists()
    assert AuditEntry.objects.filter(action=f"{model._meta.model_name}.added").exists()
    assert admin.site._registry[model].has_delete_permission(None) is False


def test_lists_lead_to_the_files_that_their_rows_come_and_go_as(client, shop):
    signed_in(client, ("manager", ""))
    for model, kind in ((Sku, "skus"), (StockLocation, "locations"), (Bin, "bins"), (StockLevel, "stock")):
        listed = client.get(address(model, "changelist")).content.decode()

        upload = reverse("imports:new") + f"?kind={kind}"
        assert upload in listed
        assert f'<option value="{kind}" selected>' in client.get(upload).content.decode()
        assert reverse("imports:export", args=[kind]) in listed


def test_a_list_leads_to_no_export_for_those_who_may_only_import(client, shop):
    signed_in(client, ("integrator", ""))
    listed = client.get(address(Sku, "changelist")).content

    assert b"Import a file" in listed
    assert b"Export as" not in listed
