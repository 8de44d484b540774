"""The scanner contract, held against a real browser and a server that notes what it hears."""

import time

import pytest

from tests.browser.conftest import PHONE, wedge
from tests.browser.floor_urls import Heard

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.browser.floor_urls")]


@pytest.fixture
def floor(open_page):
    """A handheld on a floor page."""
    Heard.scans.clear()
    Heard.broken = False
    page = open_page("/floor", size=PHONE)
    page.wait_for_load_state("networkidle")
    return page


def heard(count: int) -> list[str]:
    """The codes the server was told, once there are so many."""
    until = time.monotonic() + 8
    while len(Heard.codes()) < count and time.monotonic() < until:
        time.sleep(0.02)
    return Heard.codes()


def test_a_burst_counts_without_a_tap_and_fills_trail_and_view(floor):
    wedge(floor, "BIN-A-03-2")
    expect(floor.locator("[data-trail] li").first).to_contain_text("Counted BIN-A-03-2")
    expect(floor.locator("#count")).to_have_text("1 counted")
    assert Heard.scans[0]["task"] == "wave-1"
    assert "typed" not in Heard.scans[0]


def test_a_new_device_hears_by_the_contract(open_page):
    page = open_page("/floor", size=PHONE, patient=False)
    defaults = page.evaluate("oms.defaults")
    assert (defaults["gap"], defaults["shortest"], defaults["silence"]) == (35, 4, 80)
    assert page.evaluate("oms.settings") == defaults


def test_slow_typing_is_no_scan(floor):
    floor.keyboard.type("BIN-A-03-2", delay=200)
    floor.keyboard.press("Enter")
    floor.wait_for_timeout(200)
    assert Heard.codes() == []


@pytest.mark.parametrize("end", ["Enter", "Tab", ""])
def test_a_burst_ends_by_enter_tab_or_silence(floor, end):
    wedge(floor, "TOTE-C", end=end)
    assert heard(1) == ["TOTE-C"]


def test_a_burst_leaves_a_text_field_as_it_was_unless_the_field_wants_it(floor):
    floor.locator("#note").focus()
    wedge(floor, "BIN-A-03-2")
    assert heard(1) == ["BIN-A-03-2"]
    expect(floor.locator("#note")).to_have_value("kept")
    floor.locator("#free").focus()
    wedge(floor, "BIN-B-01-1", end="")
    floor.wait_for_timeout(700)
    expect(floor.locator("#free")).to_have_value("BIN-B-01-1")
    assert Heard.codes() == ["BIN-A-03-2"]


@pytest.mark.parametrize("end", ["Tab", ""])
def test_a_select_keeps_what_is_typed_in_it_however_fast(floor, end):
    floor.locator("#why").focus()
    wedge(floor, "stolen", end=end)
    floor.wait_for_timeout(700)
    expect(floor.locator("#why")).to_have_value("stolen")
    assert Heard.codes() == []
    floor.evaluate("document.activeElement.blur()")
    wedge(floor, "BIN-A-03-2")
    assert heard(1) == ["BIN-A-03-2"]
    expect(floor.locator("#why")).to_have_value("stolen")


def test_a_list_that_is_chosen_from_by_letters_keeps_them_too(floor):
    floor.evaluate(
        "document.querySelector('#boxes').addEventListener('keydown',"
        " e => { e.target.dataset.heard = (e.target.dataset.heard ?? '') + e.key; })"
    )
    floor.locator("#boxes").focus()
    wedge(floor, "small", end="")
    floor.wait_for_timeout(700)
    expect(floor.locator("#boxes")).to_have_attribute("data-heard", "small")
    assert Heard.codes() == []


def test_a_wedge_with_a_prefix_and_a_suffix_is_heard_with_nothing_in_focus(floor):
    floor.evaluate("oms.saveSettings({ prefix: '~', suffix: '#' })")
    floor.evaluate("document.activeElement.blur()")
    wedge(floor, "~BIN-A-03-2#")
    assert heard(1) == ["BIN-A-03-2"]


def test_a_wrong_check_digit_is_a_misread_and_asks_nobody(floor):
    wedge(floor, "9312340044272")
    expect(floor.locator("[data-trail] li").first).to_contain_text("Misread")
    wedge(floor, "9312340044271")
    assert heard(1) == ["9312340044271"]
    assert Heard.scans[0]["gtin"] == "9312340044271"


def test_gs1_says_gtin_lot_expiry_serial_and_quantity(floor):
    floor.evaluate(
        "oms.scan(']C1010931234004427117261231' + '10L-2609' + '\\u001d' + '21S77' + '\\u001d' + '3012')"
    )
    heard(1)
    told = Heard.scans[0]
    assert (told["gtin"], told["expires_on"], told["lot"], told["serial"], told["quantity"]) == (
        "09312340044271",
        "2026-12-31",
        "L-2609",
        "S77",
        "12",
    )


def test_ten_a_second_all_arrive_in_order_each_with_its_own_key(floor):
    codes = [f"BOX-{number:03d}" for number in range(20)]
    for code in codes:
        wedge(floor, code)
        floor.wait_for_timeout(60)
    assert heard(20) == codes
    assert len({scan["key"] for scan in Heard.scans}) == 20


def test_the_same_code_within_400_ms_counts_once(floor):
    floor.evaluate("() => { oms.scan('TOTE-C'); oms.scan('TOTE-C'); }")
    floor.wait_for_timeout(500)
    wedge(floor, "TOTE-C")
    assert heard(2) == ["TOTE-C", "TOTE-C"]
    floor.wait_for_timeout(200)
    assert len(Heard.codes()) == 2


def test_a_refusal_fills_the_screen_until_it_is_acknowledged(floor):
    wedge(floor, "WRONG")
    refusal = floor.get_by_role("alertdialog")
    expect(refusal).to_contain_text("Wrong item. Put the green mug back.")
    assert refusal.bounding_box()["height"] >= PHONE["height"] - 1
    wedge(floor, "BOX-001")
    floor.keyboard.press("Escape")
    floor.wait_for_timeout(200)
    expect(refusal).to_be_visible()
    assert Heard.codes() == ["WRONG"]
    wedge(floor, "OMS-OK")
    expect(refusal).to_have_count(0)
    wedge(floor, "BOX-002")
    assert heard(2) == ["WRONG", "BOX-002"]


@pytest.mark.parametrize("how", ["button", "Enter"])
def test_a_refusal_is_acknowledged_by_button_or_enter(floor, how):
    wedge(floor, "WRONG")
    ok = floor.get_by_role("button", name="OK, scan 4427")
    expect(ok).to_be_focused()
    if how == "button":
        ok.click()
    else:
        floor.keyboard.press("Enter")
    expect(floor.get_by_role("alertdialog")).to_have_count(0)


def test_three_answers_have_three_tones(floor):
    for code, tone in (("BOX-001", "ok"), ("PLACE", "look"), ("WRONG", "wrong")):
        wedge(floor, code)
        expect(floor.locator("html")).to_have_attribute("data-last-tone", tone)
        floor.wait_for_timeout(50)


def test_undo_from_the_trail_and_by_card(floor):
    wedge(floor, "BOX-001")
    wedge(floor, "BOX-002")
    heard(2)
    floor.get_by_role("button", name="Undo Counted BOX-001").click()
    expect(floor.locator("[data-trail] .was")).to_contain_text("BOX-001")
    wedge(floor, "OMS-UNDO")
    expect(floor.locator("[data-trail] .was")).to_have_count(2)


def test_command_cards_press_what_they_name(floor):
    floor.evaluate(
        "document.querySelector('#short').addEventListener('click', e => { e.target.dataset.pressed = '1'; })"
    )
    wedge(floor, "OMS-SHORT")
    expect(floor.locator("#short")).to_have_attribute("data-pressed", "1")
    wedge(floor, "oms-help")
    expect(floor.locator("#scan-help")).to_be_visible()
    assert Heard.codes() == []


def test_a_typed_code_says_so(floor):
    floor.get_by_role("button", name="Type it").click()
    floor.get_by_label("Code on the label").fill("BIN-A-03-2")
    floor.get_by_role("button", name="Count it as typed").click()
    heard(1)
    assert Heard.scans[0]["typed"] == "1"


def test_scans_without_a_network_wait_and_arrive_in_order_after_a_reload(floor):
    Heard.broken = True
    for code in ("BOX-001", "BOX-002", "BOX-003"):
        wedge(floor, code)
    expect(floor.locator("[data-unsent]")).to_have_text("3 unsent")
    assert Heard.codes() == []
    floor.reload()
    Heard.broken = False
    assert heard(3) == ["BOX-001", "BOX-002", "BOX-003"]
    expect(floor.locator("[data-unsent]")).to_be_hidden()
    floor.reload()
    floor.wait_for_timeout(300)
    assert len(Heard.codes()) == 3


def test_floor_controls_are_large_and_apart(floor):
    boxes = [button.bounding_box() for button in floor.locator(".floor .btn:visible").all()]
    assert all(box["height"] >= 48 and box["width"] >= 48 for box in boxes)
