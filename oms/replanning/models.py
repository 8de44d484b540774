"""Passes of re-planning: how often they come, and what each of them changed and saved."""

from django.db import models
from django.db.models import Q

from oms.replanning.rules import EVERY_MINUTES, LEFT_ALONE_MINUTES


class ReplanningPolicy(models.Model):
    """Whether and how often unreleased orders are planned again; there is one."""

    is_on = models.BooleanField(
        default=True, db_default=True, help_text="Off: an order stays where it was planned first."
    )
    every_minutes = models.PositiveSmallIntegerField(
        default=10, db_default=10, help_text="Minutes from one pass to the next, from 5."
    )
    left_alone_minutes = models.PositiveSmallIntegerField(
        default=30, db_default=30, help_text="Work that is due within so many minutes stays as it is."
    )

    class Meta:
        verbose_name_plural = "replanning policies"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="there_is_one_replanning_policy"),
            models.CheckConstraint(
                condition=Q(every_minutes__range=EVERY_MINUTES), name="orders_are_replanned_at_a_sane_pace"
            ),
            models.CheckConstraint(
                condition=Q(left_alone_minutes__range=LEFT_ALONE_MINUTES),
                name="work_is_left_alone_for_a_sane_time",
            ),
        ]

    def __str__(self) -> str:
        return f"every {self.every_minutes} minutes" if self.is_on else "off"


class ReplanningRun(models.Model):
    """One pass over the unreleased orders: what it looked at, and what came of it."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    started_by = models.CharField(max_length=80)
    orders = models.PositiveIntegerField(default=0)
    split_orders = models.PositiveIntegerField(default=0)
    exchanges = models.PositiveIntegerField(default=0)
    # Found, and then overtaken by somebody who began to pick, cancelled or ordered.
    overtaken = models.PositiveIntegerField(default=0)
    saved_parcels = models.IntegerField(default=0)
    saved_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["-started_at", "-id"], name="replanning_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(saved_minor__gte=0, saved_parcels__gte=0), name="replanning_never_makes_it_worse"
            )
        ]

    def __str__(self) -> str:
        return f"pass {self.pk}"


class ReplannedOrder(models.Model):
    """An order that was served otherwise by a pass; orders of one exchange share its number."""

    run = models.ForeignKey(ReplanningRun, on_delete=models.CASCADE, related_name="replanned", db_index=False)
    exchange = models.PositiveIntegerField()
    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="replanned")
    sites_before = models.CharField(max_length=200)
    sites_after = models.CharField(max_length=200)
    parcels_before = models.PositiveSmallIntegerField()
    parcels_after = models.PositiveSmallIntegerField()
    cost_before_minor = models.BigIntegerField()
    cost_after_minor = models.BigIntegerField()
    replanned_at = models.DateTimeField()

    class Meta:
        ordering = ["run", "exchange", "id"]
        indexes = [models.Index(fields=["run", "exchange", "id"], name="replanned_in_a_run")]
        constraints = [
            models.CheckConstraint(
                condition=Q(parcels_after__lte=models.F("parcels_before")),
                name="replanning_splits_no_order_further",
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_id} in exchange {self.exchange}"
