"""People, what they may do, and what the house remembers for them."""

from functools import cached_property

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from oms.core.actors import Actor
from oms.core.roles import ADMIN_RIGHTS, NEEDS_SECOND_FACTOR, PERMISSIONS, Role, admin_right


class Theme(models.TextChoices):
    SYSTEM = "system", "Like my device"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class User(AbstractUser):
    """A person who works here. Rights come from grants, read afresh at each request."""

    must_change_password = models.BooleanField(default=False)
    theme = models.CharField(max_length=6, choices=Theme, default=Theme.SYSTEM)
    single_letter_keys = models.BooleanField(default=True)
    # Per person: prefix, suffix and burst speed of the scanner, sounds.
    scan_settings = models.JSONField(default=dict, blank=True)

    @cached_property
    def held_grants(self) -> tuple[tuple[str, str], ...]:
        """(role, location code) of each grant; one query for the life of this object, that is one request."""
        return tuple(self.grants.values_list("role", "location_code"))

    @property
    def actor(self) -> Actor:
        """This person as the one to whom a change is ascribed."""
        return Actor("user", str(self.pk), self.get_username())

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(role for role, _ in self.held_grants)

    @property
    def needs_second_factor(self) -> bool:
        """Whether a password alone is too little for what this person may do."""
        return self.is_superuser or bool(self.roles & NEEDS_SECOND_FACTOR)

    def locations_for(self, permission: str) -> frozenset[str] | None:
        """The codes of the locations where this right is held; None means everywhere, empty means nowhere."""
        if not self.is_active:
            return frozenset()
        if self.is_superuser:
            return None
        codes = frozenset(
            code for role, code in self.held_grants if permission in PERMISSIONS.get(Role(role), ())
        )
        return None if "" in codes else codes

    def may(self, permission: str, *, location: str | None = None) -> bool:
        """Whether this right is held: at the location when one is named, anywhere otherwise."""
        codes = self.locations_for(permission)
        if codes is None:
            return True
        return bool(codes) if location is None else location in codes

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Whether the admin lets this person do what Django calls ``app.verb_model``."""
        right = admin_right(perm)
        return self.is_active and (self.is_superuser or (bool(right) and self.may(right)))

    def has_module_perms(self, app_label: str) -> bool:
        """Whether the admin shows this person anything of the app."""
        rights = {look for name, (look, _) in ADMIN_RIGHTS.items() if name.partition(".")[0] == app_label}
        return self.is_active and (self.is_superuser or any(map(self.may, rights)))


class Grant(models.Model):
    """A role held by a person at one location, or everywhere when no code is given."""

    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=16, choices=[(role.value, role.value.capitalize()) for role in Role])
    location_code = models.CharField(max_length=32, blank=True, default="", help_text="Empty: everywhere.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "location_code"], name="one_grant_per_role_and_location"
            ),
            models.CheckConstraint(condition=Q(role__in=[role.value for role in Role]), name="role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.role} at {self.location_code or 'every location'}"


class ApiToken(models.Model):
    """A key for a program; only a digest of its secret is kept."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    secret_hash = models.BinaryField()
    scopes = ArrayField(models.CharField(max_length=64), default=list)
    location_codes = ArrayField(
        models.CharField(max_length=32), default=list, blank=True, help_text="Empty: every location."
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="tokens"
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(scopes__len__gt=0), name="a_token_has_a_scope"),
        ]

    def __str__(self) -> str:
        return f"{self.name} (oms_{self.prefix}_…)"


class SavedView(models.Model):
    """A list's filters, columns and order, kept under a name."""

    page = models.CharField(max_length=64)
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    shared = models.BooleanField(default=False)
    settings = models.JSONField(default=dict)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "page", "name"], name="a_persons_views_have_distinct_names"
            )
        ]

    def __str__(self) -> str:
        return f"{self.page}: {self.name}"


class Draft(models.Model):
    """A form that is not finished yet, so that nothing typed is ever lost."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    form = models.CharField(max_length=128)
    values = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "form"], name="one_draft_per_person_and_form")
        ]

    def __str__(self) -> str:
        return f"{self.form} of {self.owner_id}"
