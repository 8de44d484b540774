from datetime import UTC, datetime

import pytest

from oms.core.actors import Actor
from oms.core.models import Grant, User

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CLERK = Actor("user", "7", "clerk")


@pytest.fixture
def person(django_user_model):
    """Make a person with roles: ``person("ann", "manager", picker="PER")``."""

    def make(username: str, *roles: str, **located: str) -> User:
        user = django_user_model.objects.create_user(username, password="correct horse battery")
        for role in roles:
            Grant.objects.create(user=user, role=role)
        for role, location in located.items():
            Grant.objects.create(user=user, role=role, location_code=location)
        return User.objects.get(pk=user.pk)

    return make
