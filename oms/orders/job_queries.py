"""Questions about reasons, holds and jobs on many orders."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, QuerySet

from oms.core.actors import Actor
from oms.core.errors import Invalid, NotFound
from oms.core.models import User
from oms.core.roles import Role
from oms.orders.models import Hold, OrderJob, OrderJobItem, OrderReason
from oms.orders.rules import ChangeKind, DeedState, Releasable, UnknownReason

_MANAGERS = frozenset({Role.MANAGER.value, Role.ADMINISTRATOR.value})

# A worker that is alive settles an order well within this.
STALLED_AFTER = timedelta(seconds=20)


class PersonNotFound(Invalid):
    """Nobody who works here has this name."""

    code = "person-not-found"


class OrderJobNotFound(NotFound):
    """No job has this number."""

    code = "order-job-not-found"


def reasons(*kinds: ChangeKind) -> list[OrderReason]:
    """The reasons that may be chosen for something, by name."""
    wanted = [kind.value for kind in kinds]
    return list(OrderReason.objects.filter(kind__in=wanted, is_active=True))


def reason(kind: ChangeKind, code: str) -> OrderReason:
    """The reason with this code, also one that is kept for history only.

    Raises ``UnknownReason``.
    """
    return reason_of((kind,), code)


def reason_of(kinds: Sequence[ChangeKind], code: str) -> OrderReason:
    """The reason with this code, of the first of these kinds that lists it.

    Raises ``UnknownReason``.
    """
    for kind in kinds:
        found = OrderReason.objects.filter(kind=kind.value, code=code).first()
        if found is not None:
            return found
    known = ", ".join(dict.fromkeys(each.code for each in reasons(*kinds))) or "none"
    message = f"There is no reason {code} to {kinds[0].value} an order; there are {known}."
    field = "code" if kinds[0] is ChangeKind.HOLD else "reason_code"
    raise UnknownReason(message, problems=((f"#/{field}", message),))


def released_by(code: str) -> Releasable:
    """Who may release a hold of this reason; one that is not listed any more binds nobody."""
    found = OrderReason.objects.filter(kind=ChangeKind.HOLD.value, code=code).first()
    return Releasable(found.released_by) if found else Releasable.ANYBODY


def username(text: str) -> str:
    """The username of somebody who works here.

    Raises ``PersonNotFound``.
    """
    found = User.objects.filter(username=text.strip(), is_active=True).first()
    if found is None:
        message = f"Nobody here is called {text.strip()}."
        raise PersonNotFound(message, problems=(("#/owner", message),))
    return found.get_username()


def standing_of(actor: Actor) -> tuple[str, bool]:
    """The username of whoever acts, and whether it is a manager; a program is neither."""
    user = User.objects.filter(pk=actor.id).first() if actor.kind == "user" and actor.id.isdecimal() else None
    if user is None:
        return "", False
    return user.get_username(), user.is_superuser or bool(user.roles & _MANAGERS)


def person(label: str) -> User | None:
    """Whoever works here and stands behind an actor's label ("user:7"); programs are nobody."""
    kind, _, key = label.partition(":")
    return User.objects.filter(pk=key, is_active=True).first() if kind == "user" and key.isdecimal() else None


def owner_of(order_id: int) -> User | None:
    """Whoever answers for what holds an order now, if anybody does."""
    held = Hold.objects.filter(order_id=order_id, released_at__isnull=True).exclude(owner="")
    owner = held.values_list("owner", flat=True).first()
    return User.objects.filter(username=owner, is_active=True).first() if owner else None


def people() -> list[tuple[str, str]]:
    """Usernames and names of those who work here, by name."""
    found = User.objects.filter(is_active=True).order_by("first_name", "username")
    return [(one.get_username(), one.get_full_name() or one.get_username()) for one in found]


def active_holds() -> QuerySet[Hold]:
    """What holds orders now, with the order, its channel and contact, oldest first."""
    return (
        Hold.objects.filter(released_at__isnull=True)
        .select_related("order__channel", "order__contact")
        .order_by("placed_at", "id")
    )


def hold_of(order_id: int) -> Hold | None:
    """What holds a locked order now, locked too, or None."""
    return (
        Hold.objects.select_for_update(no_key=True)
        .filter(order_id=order_id, released_at__isnull=True)
        .first()
    )


def jobs() -> QuerySet[OrderJob]:
    """Jobs on many orders, newest first."""
    return OrderJob.objects.select_related("asked_by").order_by("-asked_at", "id")


def job(job_id: UUID) -> OrderJob:
    """The job with this id.

    Raises ``OrderJobNotFound``.
    """
    found = jobs().filter(pk=job_id).first()
    if found is None:
        raise OrderJobNotFound("There is no such job.")
    return found


def unfinished(*, at: datetime) -> list[UUID]:
    """Jobs that no worker seems to be at, oldest first."""
    waiting = OrderJob.objects.filter(finished_at__isnull=True, asked_at__lt=at - STALLED_AFTER)
    return list(waiting.order_by("asked_at").values_list("pk", flat=True))


def next_items(job_id: UUID, *, limit: int) -> list[OrderJobItem]:
    """Orders of a job that wait, in order."""
    waiting = OrderJobItem.objects.filter(job_id=job_id, state=DeedState.WAITING.value)
    return list(waiting.order_by("position")[:limit])


def items(job_id: UUID, state: str = "") -> QuerySet[OrderJobItem]:
    """The orders of a job, all or those in a state."""
    rows = OrderJobItem.objects.filter(job_id=job_id).order_by("position")
    return rows.filter(state=state) if state else rows


def tally(job_id: UUID) -> Counter[str]:
    """How many orders of a job are in each state."""
    rows = OrderJobItem.objects.filter(job_id=job_id).values_list("state").annotate(n=Count("pk"))
    return Counter(dict(rows.order_by()))
