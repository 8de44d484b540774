"""Rule sets and their versions; once published a wording never changes."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from oms.routing.rules import Criterion, IfNone, RuleSetStatus


def _choices(words):
    return [(word.value, word.name.replace("_", " ").capitalize()) for word in words]


class RuleSet(models.Model):
    """Rules for the orders of a channel and a customer type; the most particular live set counts."""

    name = models.CharField(max_length=80, unique=True, help_text="What staff call it.")
    channel = models.ForeignKey(
        "channels.Channel",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rule_sets",
        help_text="Only for orders of this channel; empty for all.",
    )
    customer_type = models.CharField(
        max_length=3,
        blank=True,
        default="",
        db_default="",
        choices=[("b2c", "B2C"), ("b2b", "B2B")],
        help_text="Only for consumers or only for businesses; empty for both.",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "customer_type"],
                nulls_distinct=False,
                name="one_rule_set_per_channel_and_customer_type",
            ),
            models.CheckConstraint(
                condition=Q(customer_type__in=["", "b2c", "b2b"]), name="a_rule_set_customer_type_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RuleSetVersion(models.Model):
    """One wording of a rule set; once published it never changes."""

    rule_set = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(editable=False)
    status = models.CharField(
        max_length=9,
        choices=_choices(RuleSetStatus),
        default=RuleSetStatus.DRAFT.value,
        db_default="draft",
        editable=False,
    )
    criteria = ArrayField(
        models.CharField(max_length=16, choices=_choices(Criterion)),
        default=list,
        help_text="What makes a plan better, strongest first: cost, days, parcels, distance.",
    )
    weights = ArrayField(
        models.PositiveIntegerField(),
        default=list,
        blank=True,
        db_default=[],
        help_text="Empty: strictly in that order. Else one weight per criterion, and they are added up.",
    )
    split_penalty_minor = models.PositiveIntegerField(
        default=0, db_default=0, help_text="What each parcel after the first counts extra, in cents."
    )
    scarcity_minor = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="What a piece counts where its stock is about to run out, in cents; 0: scarce stock counts no more.",
    )
    max_parcels = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(64)],
        help_text="No order is split into more; empty for no limit.",
    )
    if_none = models.CharField(
        max_length=9,
        choices=_choices(IfNone),
        default=IfNone.BACKORDER.value,
        db_default="backorder",
        help_text="What happens to an order that the rules leave no site for.",
    )
    note = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="What is new in this version."
    )
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    # What was typed and cannot be read yet; the rules are then those of the last moment when everything could.
    sketch = models.JSONField(null=True, blank=True, editable=False)
    edits = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    edited_in = models.CharField(max_length=36, blank=True, default="", db_default="", editable=False)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["rule_set", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "number"], name="one_version_per_number"),
            models.UniqueConstraint(
                fields=["rule_set"],
                condition=Q(status="published"),
                name="one_published_version_per_rule_set",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in RuleSetStatus]),
                name="a_version_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False),
                name="a_published_version_has_its_hour",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("requested_by")),
                name="nobody_publishes_their_own_draft",
            ),
            models.CheckConstraint(condition=Q(criteria__len__gt=0), name="a_version_ranks_by_something"),
            models.CheckConstraint(
                condition=Q(weights__len=0) | Q(weights__len=F("criteria__len")),
                name="a_mix_has_a_weight_per_criterion",
            ),
            models.CheckConstraint(
                condition=Q(sketch__isnull=True) | Q(status__in=["draft", "retired"]),
                name="what_is_unfinished_is_neither_tested_nor_live",
            ),
            models.CheckConstraint(
                condition=Q(max_parcels__isnull=True) | Q(max_parcels__gte=1),
                name="at_least_one_parcel_is_allowed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_set} v{self.number}"


class RuleRow(models.Model):
    """One rule of a version: when all conditions hold, all actions are done."""

    version = models.ForeignKey(RuleSetVersion, on_delete=models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField(help_text="Rules are asked from the lowest number up.")
    conditions = models.JSONField(
        default=list,
        blank=True,
        help_text='Such as [{"fact": "value", "test": "above", "number": 50000}]; none means always.',
    )
    actions = models.JSONField(
        default=list, help_text='Such as [{"does": "require", "sites": {"codes": ["PER"]}}].'
    )

    class Meta:
        verbose_name = "rule"
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "position"],
                name="one_rule_per_position",
                deferrable=models.Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return f"rule {self.position} of version {self.version_id}"
