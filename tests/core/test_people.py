import pytest
from django.contrib.auth import get_user
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from oms.core.models import Grant, User
from oms.core.roles import Role

pytestmark = pytest.mark.django_db


def test_a_right_is_held_at_the_locations_of_its_grants(person):
    ann = person("ann", picker="PER", packer="SYD")
    assert ann.may("fulfilment.pick", location="PER")
    assert not ann.may("fulfilment.pick", location="SYD")
    assert ann.locations_for("fulfilment.pick") == {"PER"}
    assert ann.locations_for("stock.view") == {"PER", "SYD"}
    assert ann.locations_for("users.change") == frozenset()
    assert not ann.may("users.change")


def test_a_grant_without_location_holds_everywhere(person):
    ann = person("ann", "manager", picker="PER")
    assert ann.locations_for("fulfilment.pick") is None
    assert ann.may("fulfilment.pick", location="ANYWHERE")


def test_rights_cost_one_query_a_request(person, django_assert_num_queries):
    ann = person("ann", "manager")
    with django_assert_num_queries(1):
        assert ann.may("orders.view")
        assert ann.may("stock.adjust", location="PER")
        assert ann.needs_second_factor


def test_a_change_of_rights_takes_effect_at_the_next_request(person):
    ann = person("ann", "manager")
    Grant.objects.filter(user=ann).delete()
    assert not User.objects.get(pk=ann.pk).may("orders.view")


def test_a_person_who_left_may_nothing(person):
    ann = person("ann", "administrator")
    ann.is_active = False
    assert not ann.may("orders.view")
    boss = User(username="boss", is_superuser=True, is_active=False)
    assert not boss.may("orders.view")


def test_disabling_a_person_ends_their_session(person, client):
    ann = person("ann", "manager")
    client.force_login(ann)
    User.objects.filter(pk=ann.pk).update(is_active=False)
    session_user = client.session.get("_auth_user_id")
    assert session_user == str(ann.pk)
    request = HttpRequest()
    request.session = client.session
    assert not get_user(request).is_authenticated


def test_an_unknown_role_is_refused_by_the_database(person):
    ann = person("ann")
    with pytest.raises(Exception, match="role_is_known"):
        Grant.objects.create(user=ann, role="king")


def test_those_who_hold_keys_or_money_need_a_second_factor(person):
    assert not person("ann", "picker", "buyer").needs_second_factor
    for role in (Role.ACCOUNTANT, Role.MANAGER, Role.INTEGRATOR, Role.ADMINISTRATOR):
        assert person(f"the-{role}", role).needs_second_factor


@pytest.mark.parametrize("password", ["short", "password1234"])
def test_a_weak_password_is_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password)


def test_a_long_plain_sentence_is_a_good_password():
    validate_password("wet gravel under the boots")
