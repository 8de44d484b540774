import re

import pytest
from django.core.management import call_command

from oms.core.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(settings, tmp_path):
    """A data folder of its own, with nobody in the house."""
    settings.DATA_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    return tmp_path


def test_the_first_start_makes_a_user_whose_password_must_be_changed(house):
    call_command("prepare", verbosity=0)

    admin = User.objects.get()
    password = (house / "first-password").read_text().strip()
    assert re.fullmatch(r"[a-z2-9]{5}(-[a-z2-9]{5}){3}", password)
    assert (house / "first-password").stat().st_mode & 0o777 == 0o600
    assert admin.check_password(password)
    assert admin.must_change_password
    assert admin.may("users.change")


def test_the_first_password_is_forgotten_once_it_was_changed(house):
    call_command("prepare", verbosity=0)
    User.objects.update(must_change_password=False)

    call_command("prepare", verbosity=0)

    assert not (house / "first-password").exists()
    assert User.objects.count() == 1


def test_a_house_with_people_gets_no_first_user(house):
    User.objects.create_user("ann")

    call_command("prepare", verbosity=0)

    assert not (house / "first-password").exists()


def test_an_empty_shop_is_left_empty_when_asked(house, monkeypatch):
    monkeypatch.setenv("OMS_DEMO", "0")

    call_command("prepare", verbosity=0)

    assert not (house / "demo-wanted").exists()


def test_static_files_are_collected_when_they_changed_and_not_otherwise(house):
    call_command("prepare", verbosity=0)
    probe = next((house / "static").rglob("*.css"))
    probe.unlink()

    call_command("prepare", verbosity=0)

    assert not probe.exists()
