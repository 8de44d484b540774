import pytest
from django.http import HttpResponse
from django.test import override_settings
from django.urls import include, path
from django.views import View

from oms.core.models import Grant, User
from oms.core.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.core.test_middleware")]


class Undeclared(View):
    def get(self, request):
        return HttpResponse("secret")


class ForAnybody(Undeclared):
    permission = ""


class ForPickers(Undeclared):
    permission = "fulfilment.pick"


urlpatterns = [
    path("", include("oms.runtime.urls")),
    path("", include("oms.core.urls")),
    path("test/undeclared", Undeclared.as_view()),
    path("test/anybody", ForAnybody.as_view()),
    path("test/pickers", ForPickers.as_view()),
]
handler403 = "oms.core.views.errors.forbidden"
handler404 = "oms.core.views.errors.not_found"


@pytest.fixture
def person():
    return User.objects.create_user("ann", password="a long enough password")


def test_a_request_gets_an_id_and_keeps_a_good_one(client):
    assert len(client.get("/healthz")["X-Request-Id"]) == 32
    assert client.get("/healthz", headers={"X-Request-Id": "ticket-4711"})["X-Request-Id"] == "ticket-4711"


def test_an_id_that_would_break_a_log_line_is_replaced(client):
    assert "evil" not in client.get("/healthz", headers={"X-Request-Id": 'evil"\tid'})["X-Request-Id"]


def test_a_stranger_is_sent_to_sign_in(client):
    answer = client.get("/test/pickers?a=1")

    assert (answer.status_code, answer.url) == (302, "/sign-in?next=/test/pickers%3Fa%3D1")


def test_a_view_that_declares_nothing_is_closed_even_to_superusers(client):
    client.force_login(User.objects.create_superuser("root", password="a long enough password"))

    assert client.get("/test/undeclared").status_code == 403


def test_what_is_for_anybody_signed_in_opens(client, person):
    client.force_login(person)

    assert client.get("/test/anybody").content == b"secret"


def test_a_role_opens_its_pages(client, person):
    client.force_login(person)
    assert client.get("/test/pickers").status_code == 403

    Grant.objects.create(user=person, role=Role.PICKER, location_code="PER")

    assert client.get("/test/pickers").status_code == 200


def test_a_first_password_must_be_changed_before_anything_else(client, person):
    person.must_change_password = True
    person.save()
    client.force_login(person)

    assert client.get("/test/anybody").url == "/me/password"
    assert client.get("/me/password").status_code == 200


@override_settings(TWO_FACTOR="required")
def test_a_manager_enrols_a_second_factor_before_anything_else(client, person):
    Grant.objects.create(user=person, role=Role.MANAGER)
    client.force_login(person)

    assert client.get("/test/anybody").url == "/me/second-step"
