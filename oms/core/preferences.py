"""What a person sets for themselves: theme, keys, scanner, saved views, drafts of forms."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from oms.core.errors import Conflict, Invalid, NotFound
from oms.core.models import Draft, SavedView, Theme, User
from oms.core.transactions import owns_transaction

LARGEST_DRAFT = 64_000  # characters
MOST_VIEWS = 40


class NameTaken(Conflict):
    """You have a view of this name already."""

    code = "name-taken"


class TooMuch(Invalid):
    """This is more than is kept."""

    code = "too-much"


@owns_transaction()
def choose_theme(user: User, theme: str) -> None:
    """Remember a person's theme.

    Raises ``Invalid`` when there is no such theme.
    """
    if theme not in Theme.values:
        raise Invalid("The theme is light, dark or system.")
    User.objects.filter(pk=user.pk).update(theme=theme)


@owns_transaction()
def change_profile(user: User, *, fields: Mapping[str, Any]) -> None:
    """Keep what a person set in their profile."""
    User.objects.filter(pk=user.pk).update(**fields)


@owns_transaction()
def save_view(user: User, *, page: str, name: str, filters: Mapping[str, str], shared: bool) -> SavedView:
    """Keep a list's filters under a name.

    Raises ``NameTaken`` when the person has one of that name, ``TooMuch`` when they have very many.
    """
    mine = SavedView.objects.filter(owner=user)
    if mine.filter(page=page, name__iexact=name).exists():
        raise NameTaken(f"You have a view named “{name}” already. Choose another name.")
    if mine.count() >= MOST_VIEWS:
        raise TooMuch(f"{MOST_VIEWS} views are kept per person. Forget one first.")
    return SavedView.objects.create(
        owner=user,
        page=page,
        name=name,
        shared=shared,
        settings={"filters": dict(filters)},
    )


@owns_transaction()
def rename_view(user: User, view_id: int, *, name: str) -> None:
    """Give a person's own view another name.

    Raises ``NotFound`` when it is not theirs, ``NameTaken`` when another view of theirs on that page has the name.
    """
    mine = SavedView.objects.filter(owner=user)
    view = mine.filter(pk=view_id).first()
    if view is None:
        raise NotFound("There is no such view of yours.")
    if mine.filter(page=view.page, name__iexact=name).exclude(pk=view_id).exists():
        raise NameTaken(f"You have a view named “{name}” already. Choose another name.")
    view.name = name
    view.save(update_fields=["name"])


@owns_transaction()
def forget_view(user: User, view_id: int) -> None:
    """Drop a person's own view; one that is not theirs stays."""
    SavedView.objects.filter(owner=user, pk=view_id).delete()


@owns_transaction()
def keep_draft(user: User, *, form: str, values: Mapping[str, str], at: datetime) -> None:
    """Keep an unfinished form, so that nothing typed is lost.

    Raises ``TooMuch`` when it is larger than a form can be.
    """
    if sum(len(name) + len(value) for name, value in values.items()) > LARGEST_DRAFT:
        raise TooMuch(f"A draft holds {LARGEST_DRAFT} characters.")
    Draft.objects.update_or_create(owner=user, form=form, defaults={"values": dict(values), "saved_at": at})


@owns_transaction()
def drop_draft(user: User, *, form: str) -> None:
    """Forget an unfinished form, once it has been sent."""
    Draft.objects.filter(owner=user, form=form).delete()


def draft_of(user: User, *, form: str) -> dict[str, str]:
    """Return what was typed into an unfinished form, or nothing."""
    return Draft.objects.filter(owner=user, form=form).values_list("values", flat=True).first() or {}


def views_of(user: User, *, page: str) -> list[SavedView]:
    """List the saved views of a list page that this person sees."""
    own = SavedView.objects.filter(page=page, owner=user)
    shared = SavedView.objects.filter(page=page, shared=True).exclude(owner=user)
    return [*own, *shared][:12]
