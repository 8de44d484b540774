"""A count comes in as a file, in a browser: columns, difference, commit, undo."""

import pytest

from oms.core.models import Grant, User
from oms.flows.tasks import run_imports
from oms.imports.models import ImportJob
from tests.browser.conftest import DESK, PHONE, PICTURES
from tests.builders import level, location, shelf, sku

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
