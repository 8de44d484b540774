"""Signing in, the second step, first passwords, drafts and themes, as a browser does them."""

import json
import re

import pytest
from django.test import override_settings
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from oms.core import second_factor
from oms.core.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def ruth():
    return User.objects.create_user("ruth", password=PASSWORD, first_name="Ruth", last_name="Osei")


def sign_in(client, **more):
    return client.post("/sign-in", {"username": "ruth", "password": PASSWORD, **more})


def enrolled(user: User) -> tuple[TOTPDevice, list[str]]:
    second_factor.begin(user)
    device = TOTPDevice.objects.get(user=user)
    device.confirmed = True
    device.save()
    return device, second_factor.new_recovery_codes(user)


def code_of(device: TOTPDevice) -> str:
    return f"{totp(device.bin_key):06d}"


def test_a_stranger_is_sent_to_sign_in_and_comes_back(client, ruth):
    asked = client.get("/me")
    assert asked.headers["Location"] == "/sign-in?next=/me"
    assert sign_in(client, next="/me").headers["Location"] == "/me"


def test_nobody_is_sent_to_another_site(client, ruth):
    assert sign_in(client, next="https://evil.example/").headers["Location"] == "/"


def test_a_password_alone_opens_nothing_once_the_second_step_is_on(client, ruth):
    device, _ = enrolled(ruth)
    assert sign_in(client).headers["Location"] == "/sign-in/code"
    assert client.get("/me").status_code == 302
    done = client.post("/sign-in/code", {"code": code_of(device)})
    assert done.headers["Location"] == "/"
    assert client.get("/me").status_code == 200


def test_a_recovery_code_works_once(client, ruth):
    _, codes = enrolled(ruth)
    sign_in(client)
    assert client.post("/sign-in/code", {"code": codes[0].upper()}).headers["Location"] == "/"
    client.post("/sign-out")
    sign_in(client)
    again = client.post("/sign-in/code", {"code": codes[0]})
    assert "wrong or was used already" in again.content.decode()
    assert second_factor.recovery_codes_left(ruth) == 9


def test_the_code_page_asks_nobody_who_has_not_given_a_password(client):
    assert client.get("/sign-in/code").headers["Location"] == "/sign-in"


def test_enrolling_shows_a_picture_and_a_key_and_then_ten_codes_once(client, ruth):
    sign_in(client)
    page = client.get("/me/second-step").content.decode()
    assert "<svg" in page
    assert "style=" not in page
    device = TOTPDevice.objects.get(user=ruth)
    assert client.post("/me/second-step", {"code": "000000"}).status_code == 422
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert client.post("/me/second-step", {"code": code_of(device)}).status_code == 302
    assert len(client.get("/me/recovery-codes").context["codes"]) == 10
    assert client.get("/me/recovery-codes").context["codes"] == []


@override_settings(TWO_FACTOR="required")
def test_who_needs_a_second_step_is_led_to_set_it_up(client, ruth):
    User.objects.filter(pk=ruth.pk).update(is_superuser=True)
    assert sign_in(client).headers["Location"] == "/me/second-step"


def test_a_first_password_must_be_changed_before_anything_else(client, ruth):
    User.objects.filter(pk=ruth.pk).update(must_change_password=True)
    sign_in(client)
    assert client.get("/").headers["Location"] == "/me/password"
    new = "quite another horse"
    client.post("/me/password", {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    assert client.get("/").status_code == 200
    assert not User.objects.get(pk=ruth.pk).must_change_password


def test_signing_out_needs_a_post(client, ruth):
    sign_in(client)
    assert client.get("/sign-out").status_code == 405
    client.post("/sign-out")
    assert client.get("/me").status_code == 302


def test_a_draft_outlives_the_session_and_is_nobody_elses(client, ruth):
    sign_in(client)
    client.post("/me/draft", {"name": "profile", "fields": json.dumps({"first_name": "Ru"})})
    client.post("/sign-out")
    sign_in(client)
    assert client.get("/me/draft?name=profile").json() == {"fields": {"first_name": "Ru"}}
    User.objects.create_user("dan", password=PASSWORD)
    client.post("/sign-out")
    client.post("/sign-in", {"username": "dan", "password": PASSWORD})
    assert client.get("/me/draft?name=profile").json() == {"fields": {}}


def test_a_draft_ends_when_its_form_has_done_what_it_is_for_and_not_before(client, ruth):
    sign_in(client)
    client.post("/me/draft", {"name": "profile", "fields": json.dumps({"first_name": "Ru"})})
    said = {"draft": "profile", "first_name": "Ru", "date_format": "nonsense"}
    assert client.post("/me", said).status_code == 422
    assert client.get("/me/draft?name=profile").json() == {"fields": {"first_name": "Ru"}}

    shown = client.get("/me").context["form"]
    right = {name: shown[name].value() or "" for name in shown.fields} | {"draft": "profile"}
    assert client.post("/me", right).status_code == 302
    assert client.get("/me/draft?name=profile").json() == {"fields": {}}


def test_the_theme_is_remembered_and_written_into_the_page(client, ruth):
    sign_in(client)
    assert 'data-theme="dark"' not in client.get("/").content.decode()
    client.post("/me/theme", {"theme": "dark"}, headers={"Accept": "application/json"})
    assert re.search(r'<html[^>]*data-theme="dark"', client.get("/").content.decode())
    refused = client.post("/me/theme", {"theme": "pink"}, headers={"Accept": "application/json"})
    assert refused.status_code == 422


def test_an_unknown_address_offers_a_search_and_names_the_request(client, ruth):
    sign_in(client)
    page = client.get("/nowhere", headers={"X-Request-Id": "abcdef123456"})
    assert page.status_code == 404
    assert "abcdef123456" in page.content.decode()
    assert 'name="q"' in page.content.decode()


def test_a_program_gets_a_problem_document(client, ruth):
    sign_in(client)
    page = client.get("/nowhere", headers={"Accept": "application/json"})
    assert page.headers["Content-Type"] == "application/problem+json"
    assert page.json()["status"] == 404


def test_find_opens_nothing_it_does_not_know_and_says_so(client, ruth):
    sign_in(client)
    page = client.get("/find?scanned=1&q=4006381333931")
    assert page.status_code == 404
    assert "Nobody knows" in page.content.decode()
