import pytest
from django.contrib.auth.hashers import check_password
from django.db import connection
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from oms.core import second_factor
from oms.core.models import AuditEntry, User

pytestmark = [pytest.mark.django_db]
PASSWORD = "correct horse battery"
FRESH = "wet gravel under the boots"


@pytest.fixture
def ann(person):
    return person("ann", "manager")


def sign_in(client, username="ann", password=PASSWORD, **more):
    return client.post(reverse("core:login"), {"username": username, "password": password}, **more)


def signed_in(client):
    return "_auth_user_id" in client.session


def enrol(client, ann):
    second_factor.begin(ann)
    device = TOTPDevice.objects.get(user=ann)
    client.force_login(ann)
    client.post(reverse("core:enrol"), {"code": f"{totp(device.bin_key):06d}"})
    codes = list(client.session["recovery_codes"])
    client.logout()
    TOTPDevice.objects.filter(user=ann).update(last_t=-1)
    return device, codes


def test_a_password_signs_in_and_another_does_not(client, ann):
    sign_in(client, password="something else")
    assert not signed_in(client)
    sign_in(client)
    assert signed_in(client)


def test_ten_wrong_passwords_lock_the_door_for_that_name_and_address(client, ann):
    for _ in range(10):
        sign_in(client, password="something else")
    answer = sign_in(client)
    assert answer.status_code == 429
    assert not signed_in(client)


def test_a_forged_forwarding_header_does_not_open_a_locked_door(client, ann):
    for number in range(10):
        sign_in(client, password="something else", headers={"X-Forwarded-For": f"8.8.8.{number}"})
    sign_in(client, headers={"X-Forwarded-For": "9.9.9.9"})
    assert not signed_in(client)


def test_a_first_password_opens_nothing_until_it_is_changed(client, ann):
    User.objects.filter(pk=ann.pk).update(must_change_password=True)
    sign_in(client)
    assert client.get(reverse("core:home"))["Location"] == reverse("core:change_password")
    form = {"old_password": PASSWORD, "new_password1": FRESH, "new_password2": FRESH}
    client.post(reverse("core:change_password"), form)
    assert client.get(reverse("core:home")).status_code == 200
    ann.refresh_from_db()
    assert not ann.must_change_password
    assert check_password(FRESH, ann.password)


def test_where_it_is_required_nothing_opens_before_the_second_step_is_set_up(client, ann, settings):
    settings.TWO_FACTOR = "required"
    sign_in(client)
    assert client.get(reverse("core:home"))["Location"] == reverse("core:enrol")


def test_whoever_has_a_second_step_is_asked_for_it(client, ann):
    device, _ = enrol(client, ann)
    sign_in(client)
    assert not signed_in(client)
    client.post(reverse("core:challenge"), {"code": "000000"})
    assert not signed_in(client)
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    client.post(reverse("core:challenge"), {"code": f"{totp(device.bin_key):06d}"})
    assert signed_in(client)
    assert AuditEntry.objects.filter(action="second step.turned on").exists()


def test_a_code_works_once(client, ann):
    device, _ = enrol(client, ann)
    code = f"{totp(device.bin_key):06d}"
    sign_in(client)
    client.post(reverse("core:challenge"), {"code": code})
    client.logout()
    sign_in(client)
    client.post(reverse("core:challenge"), {"code": code})
    assert not signed_in(client)


def test_a_recovery_code_works_once_and_is_kept_nowhere(client, ann):
    _, codes = enrol(client, ann)
    plain = codes[0].replace("-", "")
    with connection.cursor() as cursor:
        cursor.execute("select token from otp_static_statictoken")
        assert not {token for (token,) in cursor.fetchall()} & {plain, codes[0]}
    sign_in(client)
    client.post(reverse("core:challenge"), {"code": codes[0]})
    assert signed_in(client)
    client.logout()
    sign_in(client)
    client.post(reverse("core:challenge"), {"code": codes[0]})
    assert not signed_in(client)
    assert second_factor.recovery_codes_left(ann) == 9


def test_guesses_at_the_second_step_are_slowed_down(client, ann):
    device, _ = enrol(client, ann)
    sign_in(client)
    client.post(reverse("core:challenge"), {"code": "000000"})
    client.post(reverse("core:challenge"), {"code": f"{totp(device.bin_key):06d}"})
    assert not signed_in(client)
