"""The person behind an actor: rules are written and published by people, never by programs."""

from oms.core.actors import Actor
from oms.core.errors import Forbidden
from oms.core.models import User


def person(actor: Actor) -> User:
    """The user who acts.

    Raises ``Forbidden`` for a program or the house itself.
    """
    found = User.objects.filter(pk=actor.id).first() if actor.kind == "user" else None
    if found is None:
        raise Forbidden("Only a person writes or publishes rules.")
    return found
