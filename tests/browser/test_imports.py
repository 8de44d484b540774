"""Files come in, in a browser: columns, difference, commit, undo."""

import pytest

from oms.core.models import Grant, User
from oms.flows.tasks import run_imports
from oms.imports.models import ImportJob
from oms.orders.models import Order
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.browser.test_accessibility import findings
from tests.builders import channel, level, location, shelf, sku

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = [
    *("Item;Site;Qty;Expiry", "MUG;Perth;10;", "BOWL;Perth;5;", "CUP;Sydney;40;"),
    *("MUG;Kontor;1;", "M UG;Perth;4;", "BOWL;Sydney;twelve;", "CUP;Perth;-4;"),
]


@pytest.fixture
def ruth(db):
    """A manager, and mugs and bowls at Perth."""
    location("PER", name="Perth")
    location("SYD", name="Sydney")
    shelf("MUG", at="PER", on_hand=12)
    shelf("BOWL", at="PER", on_hand=5)
    sku("CUP")
    user = User.objects.create_user("ruth", first_name="Ruth", last_name="Osei")
    Grant.objects.create(user=user, role="manager")
    return user


ORDERS = [
    "Order no,Buyer,Street,City,Country,Currency,Item,Qty,Price",
    *("W-1,Lee Kim,14 Wattle Street,Perth,AU,AUD,MUG,2,24.00", "W-1,,,,,,BOWL,1,12.50"),
    *(
        "W-2,Ada May,1 Pitt Street,Sydney,AU,AUD,MUG,1,24.00",
        "W-3,Ned Low,2 Bay Road,Perth,AU,AUD,MUG,1,24.00",
    ),
    *("W-3,,,,,,PLATE,1,8.00", "W-4,Kit Ray,,Perth,AU,AUD,MUG,one,24.00"),
]


def picture(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"imports-{name}.png", full_page=True)


@pytest.mark.parametrize(("size", "look"), [(DESK, "light"), (PHONE, "dark")])
def test_a_count_comes_in(open_page, ruth, tmp_path, size, look):
    file = tmp_path / "north-count.csv"
    file.write_text("\n".join(ROWS) + "\n")
    page = open_page("/imports/new", user=ruth, size=size, theme=look)
    picture(page, f"{look}-1-file")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Upload 1 file").click()
    page.get_by_role("heading", name="Match columns").wait_for()
    picture(page, f"{look}-2-columns")
    page.get_by_role("button", name="Check 7 rows").click()
    page.get_by_text("Working out the difference").wait_for()
    picture(page, f"{look}-3-working")
    job = ImportJob.objects.get()
    run_imports(str(job.pk))
    # The page notices by itself.
    page.get_by_role("button", name="Import 2 good rows").wait_for()
    picture(page, f"{look}-4-difference")
    page.get_by_role("link", name="Refused 4").first.click()
    page.get_by_text("Not a whole number.").wait_for()
    picture(page, f"{look}-5-refused")
    page.get_by_role("button", name="Import 2 good rows").click()
    page.get_by_text("You can leave this page").wait_for()
    run_imports(str(job.pk))
    page.get_by_role("button", name="Undo 2 rows").wait_for()
    picture(page, f"{look}-6-done")
    assert level("CUP", at="SYD").on_hand == 40
    page.goto("/imports/")
    picture(page, f"{look}-7-list")
    assert page.get_by_text("north-count.csv").count() == 1


@pytest.mark.parametrize(("size", "look"), [(DESK, "light"), (PHONE, "dark")])
def test_orders_come_in(open_page, ruth, tmp_path, size, look):
    channel("shop")
    file = tmp_path / "orders.csv"
    file.write_text("\n".join(ORDERS) + "\n")
    page = open_page("/imports/new?kind=orders", user=ruth, size=size, theme=look)
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Upload 1 file").press("Enter")
    page.get_by_role("heading", name="Match columns").wait_for()
    page.get_by_label("Channel of rows that name none").select_option("shop")
    page.get_by_text("31 more that are not in the file").press("Enter")
    page.get_by_label("gift message").wait_for()
    picture(page, f"orders-{look}-1-columns")
    assert findings(page) == []
    page.get_by_role("button", name="Check 6 rows").press("Enter")
    page.get_by_text("Working out the difference").wait_for()
    job = ImportJob.objects.get()
    run_imports(str(job.pk))
    page.get_by_role("button", name="Import 3 good rows").wait_for()
    picture(page, f"orders-{look}-2-difference")
    assert findings(page) == []
    page.get_by_role("link", name="Refused 3").first.click()
    page.get_by_text("Row 6 of this order is refused, and with it the whole order.").wait_for()
    picture(page, f"orders-{look}-3-refused")
    page.get_by_role("button", name="Import 3 good rows").press("Enter")
    page.get_by_text("You can leave this page").wait_for()
    run_imports(str(job.pk))
    page.get_by_role("button", name="Undo 3 rows").wait_for()
    picture(page, f"orders-{look}-4-done")
    assert level("MUG", at="PER").reserved == 3
    page.get_by_role("link", name=f"SO-{Order.objects.latest('id').pk}").press("Enter")
    page.get_by_role("heading", name="SO-").first.wait_for()
    page.go_back()
    page.get_by_role("button", name="Undo 3 rows").press("Enter")
    page.get_by_text("You can leave this page").wait_for()
    run_imports(str(job.pk))
    page.get_by_role("link", name="Refused 3").first.wait_for()
    picture(page, f"orders-{look}-5-undone")
    assert level("MUG", at="PER").reserved == 0
