"""Letters on pages, in the admin and over REST."""

from datetime import UTC, datetime, timedelta

import pytest
from zeal import zeal_context

from oms.core.models import AuditEntry, OutboxMessage
from oms.core.relay import drain
from oms.flows import customers, ordering
from oms.flows.management.commands.relay import house_relay
from oms.letters.models import ChannelLetters, Letter, LetterTemplate, TemplateVersion
from oms.letters.rules import Occasion
from tests.builders import NOON, TESTER, channel, customer, place, shelf
from tests.doors.test_order_pages import BACKEND, person, press
from tests.doors.test_rest_contract import Api

pytestmark = pytest.mark.django_db(transaction=True)
ALL = [each.value for each in Occasion]


@pytest.fixture
def desk(client):
    """A manager's browser; a café and a person were each sent a confirmation."""
    shelf("MUG", on_hand=50)
    ChannelLetters.objects.create(channel=channel("api"), occasions=ALL, since=NOON - timedelta(days=1))
    customer("CAFE", terms_days=14)
    place(("MUG", 1), customer="CAFE", po_number="PO-77")
    place(("MUG", 2), customer_email="lee@example.com")
    work()
    ruth = person("ruth", ("manager", ""))
    ruth.email = "ruth@shop.example"
    ruth.save()
    client.force_login(ruth, backend=BACKEND)
    return client


def work() -> None:
    drain(house_relay(), at=datetime.now(UTC))


def cafe() -> Letter:
    return Letter.objects.get(customer__code="CAFE", again_of=None)


def test_the_list_finds_letters_and_the_tile_counts_those_that_failed(desk):
    with zeal_context():
        page = desk.get("/letters/")
    assert len(page.context["rows"]) == 2
    assert [row.order_id for row in desk.get("/letters/?q=CAFE").context["rows"]] == [cafe().order_id]
    assert desk.get("/letters/?q=lee@example.com").context["total"] == 1
    assert desk.get("/letters/?occasion=shipped").context["total"] == 0

    Letter.objects.create(
        key="x",
        occasion="shipped",
        order=cafe().order,
        status="failed",
        error="550",
        queued_at=NOON,
        settled_at=NOON,
    )
    tile = next(line for line in desk.get("/").context["tiles"] if line["tile"].name == "Failed letters")
    assert tile["count"] == desk.get(tile["url"]).context["total"] == 1


def test_the_page_says_what_was_said_and_sends_it_again_with_a_reason(desk, mailoutbox):
    letter = cafe()
    page = desk.get(f"/letters/{letter.pk}").content.decode()
    assert "cafe@example.com" in page
    assert "your order PO-77" in page
    assert "net 14 days" in page

    empty = press(desk, f"/letters/{letter.pk}/again", reason=" ")
    assert "Say why it is sent again." in empty.content.decode()
    done = press(desk, f"/letters/{letter.pk}/again", reason="They never got it")
    work()

    assert "They never got it" in done.content.decode()
    assert mailoutbox[-1].to == ["cafe@example.com"]
    assert letter.again.get().asked_by.startswith("user:")
    assert AuditEntry.objects.get(action="letter.sent_again").actor_name == "Ruth"


def test_the_order_and_the_customer_show_their_letters(desk):
    letter = cafe()
    with zeal_context():
        order = desk.get(f"/orders/{letter.order.number}")
    with zeal_context():
        theirs = desk.get("/customers/CAFE")

    for page in (order, theirs):
        assert [one.pk for one in page.context["letters"]] == [letter.pk]
        assert f"/letters/{letter.pk}" in page.content.decode()
    assert "wrote to the customer" in order.content.decode()


def test_a_page_of_many_letters_costs_as_much_as_one_of_one(desk, django_assert_max_num_queries):
    with django_assert_max_num_queries(20) as few:
        desk.get("/letters/")
    for number in range(12):
        place(("MUG", 1), customer_email=f"a{number}@example.com")
    work()
    with django_assert_max_num_queries(len(few)):
        assert desk.get("/letters/").context["total"] == 14


def test_who_may_not_see_an_order_does_not_see_its_letters(desk, client):
    letter = cafe()
    client.force_login(person("ben", ("manager", "SYD")), backend=BACKEND)
    assert client.get("/letters/").context["total"] == 0
    assert client.get(f"/letters/{letter.pk}").status_code == 404
    press(client, f"/letters/{letter.pk}/again", reason="x")
    assert Letter.objects.count() == 2

    client.force_login(person("bea", ("buyer", "")), backend=BACKEND)
    assert client.get(f"/letters/{letter.pk}").status_code == 200
    assert client.post(f"/letters/{letter.pk}/again", {"reason": "x"}).status_code == 403
    client.force_login(person("mai", ("picker", "PER")), backend=BACKEND)
    assert client.get("/letters/").status_code == 403


def test_what_was_said_to_somebody_erased_is_gone_from_the_page(desk):
    letter = cafe()
    ordering.cancel_order(letter.order.number, reason="Asked", actor=TESTER, at=NOON)
    customers.erase_customer("CAFE", reason="Asked", actor=TESTER, at=NOON)

    page = desk.get(f"/letters/{letter.pk}").content.decode()

    assert "Erased." in page
    assert "cafe@example.com" not in page
    assert "Whoever it was for was erased." in page


def test_letters_over_rest(desk):
    api = Api("letters:read", "letters:write")
    letter = cafe()
    (one,) = api.get("letters?customer=CAFE&occasion=confirmed&status=sent").json()["results"]
    assert (one["order"], one["letter_set"], one["recipient"]) == (
        letter.order.number,
        "business",
        "cafe@example.com",
    )
    assert "text" not in one or one["text"] is None
    assert "net 14 days" in api.get(f"letters/{letter.pk}").json()["text"]
    assert api.get(f"letters?order={letter.order.number}").json()["results"][0]["id"] == letter.pk
    assert api.get("letters/999999").status_code == 404
    assert api.get("letters?colour=red").status_code == 422

    again = api.post(f"letters/{letter.pk}/again", {"reason": "Lost"})
    assert (again.status_code, again.json()["again_of"], again.json()["status"]) == (200, letter.pk, "queued")
    assert api.post(f"letters/{again.json()['id']}/again", {"reason": "Lost"}).status_code == 409
    assert Api("letters:read").post(f"letters/{letter.pk}/again", {"reason": "x"}).status_code == 403
    assert Api("orders:read").get("letters").status_code == 403


def template() -> LetterTemplate:
    return LetterTemplate.objects.get(letter_set__code="consumer", occasion="confirmed")


def address(rest: str = "change/") -> str:
    return f"/admin/letters/lettertemplate/{template().pk}/{rest}"


def typed(**said) -> dict[str, str]:
    now = template()
    return {
        **{"subject": now.subject, "text": now.text, "html": now.html, "seen": str(now.version)},
        **{"versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"},
        **said,
    }


def test_a_template_is_checked_when_it_is_saved_and_every_wording_is_kept(desk):
    wrong = desk.post(address(), typed(text="Hello\n{{ order_nmber }}"))
    assert "Line 2: There is no order_nmber here. Did you mean order_number?" in wrong.content.decode()
    assert template().version == 1

    done = desk.post(address(), typed(text="Hello\r\n{{ order_number }}\r\n"), follow=True)

    assert "was changed successfully" in done.content.decode()
    assert (template().version, template().text) == (2, "Hello\n{{ order_number }}")
    assert list(TemplateVersion.objects.filter(template=template()).values_list("number", flat=True)) == [
        2,
        1,
    ]
    assert AuditEntry.objects.filter(action="lettertemplate.changed").count() == 1


def test_two_people_do_not_overwrite_each_other(desk):
    old = typed(subject="First")
    desk.post(address(), old)
    second = desk.post(address(), old | {"subject": "Second"})

    assert "Somebody has changed this template meanwhile." in second.content.decode()
    assert template().subject == "First"


def test_a_wording_is_previewed_with_an_order_before_it_is_saved(desk):
    number = Letter.objects.get(customer=None).order.number
    said = typed(
        subject="Ahoy {{ order_number }}", text="Dear {{ customer_name }}", html="<p>{{ customer_name }}</p>"
    )

    page = desk.post(address("preview/"), said, follow=True)

    assert page.context["written"].subject == f"Ahoy {number}"
    assert "sandbox" in page.content.decode()
    frame = desk.get(address(f"preview/html/?order={number}"))
    assert frame.content.decode() == "<p>Lee Kim</p>"
    policy = frame.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy
    assert template().version == 1
    assert (
        desk.get(address("change/?draft=1")).context["adminform"].form["subject"].value()
        == "Ahoy {{ order_number }}"
    )

    missing = desk.get(address("preview/?order=SO-9"))
    assert missing.context["refusal"] == "There is no order SO-9."
    desk.post(address("preview/"), typed(text="{{ nonsense }}"))
    assert "There is no nonsense here." in desk.get(address("preview/")).content.decode()


def test_a_test_letter_goes_to_whoever_asked_and_to_nobody_else(desk, mailoutbox):
    sent = len(mailoutbox)
    desk.post(address("preview/"), typed(subject="Ahoy"))
    number = Letter.objects.get(customer=None).order.number

    done = desk.post(address("preview/test/"), {"order": number}, follow=True)
    work()

    assert "A test letter is on its way to ruth@shop.example." in done.content.decode()
    (mail,) = mailoutbox[sent:]
    assert (mail.to, mail.subject) == (["ruth@shop.example"], "Test: Ahoy")
    assert Letter.objects.count() == 2
    assert "lee@example.com" not in str(OutboxMessage.objects.get(topic="letter.test").payload)


def test_only_who_may_change_letters_writes_them(desk, client):
    client.force_login(person("ines", ("integrator", "")), backend=BACKEND)
    assert client.get(address("preview/")).status_code == 403
    assert client.post(address("preview/test/"), {"order": "x"}).status_code == 403


def test_a_manager_of_one_site_reads_no_letter_of_another_by_way_of_the_admin(desk, client):
    client.force_login(person("ben", ("manager", "SYD")), backend=BACKEND)
    assert client.get(address("preview/")).status_code == 403
    assert client.get(address("preview/html/?order=SO-1")).status_code == 403
    assert client.post(address(), typed(subject="Mine")).status_code == 403
    assert cafe().order.number not in client.get("/admin/letters/letter/").content.decode()


def test_who_gets_which_letters_is_ticked_in_the_admin(desk):
    row = ChannelLetters.objects.get()
    page = desk.post(
        f"/admin/letters/channelletters/{row.pk}/change/",
        {
            **{
                "channel": str(row.channel_id),
                "customer_type": "",
                "occasions": ["shipped"],
                "letter_set": "",
            },
            **{"since_0": "2026-11-22", "since_1": "00:00:00"},
        },
        follow=True,
    )
    assert "was changed successfully" in page.content.decode()
    row.refresh_from_db()
    assert row.occasions == ["shipped"]
    for name in ("letterset", "customertypeletters", "letter", "channelletters", "lettertemplate"):
        assert desk.get(f"/admin/letters/{name}/").status_code == 200
    assert desk.get("/admin/letters/lettertemplate/add/").status_code == 200
    assert desk.get(address()).status_code == 200
