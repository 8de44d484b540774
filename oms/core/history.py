"""What happened to a document, as its page tells it."""

from collections.abc import Iterable

from django.db.models import QuerySet

from oms.core.models import ApiToken, AuditEntry, User


def of(subject_kind: str, subject_id: str) -> QuerySet[AuditEntry]:
    """Return the audit entries of one document, newest first."""
    return AuditEntry.objects.filter(subject_kind=subject_kind, subject_id=subject_id).order_by("-id")


def names_of(labels: Iterable[str]) -> dict[str, str]:
    """Say who the labels ("user:7", "token:3") stand for; a label nobody has any more names itself."""
    found = {"system": "System", "system:": "System"}
    by_kind: dict[str, set[int]] = {"user": set(), "token": set()}
    for label in labels:
        kind, _, key = label.partition(":")
        if kind in by_kind and key.isdecimal():
            by_kind[kind].add(int(key))
    if by_kind["user"]:
        for user in User.objects.filter(pk__in=by_kind["user"]):
            found[f"user:{user.pk}"] = user.get_full_name() or user.get_username()
    if by_kind["token"]:
        for token in ApiToken.objects.filter(pk__in=by_kind["token"]):
            found[f"token:{token.pk}"] = token.name
    return found
