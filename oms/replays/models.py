"""Replays: what was asked, how far it is, and what became of each order."""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from oms.replays.rules import WORKING, ReplayState


class Replay(models.Model):
    """A past period played again under other circumstances; nothing of it touches stock or orders."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=120)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    scenario = models.JSONField(default=dict)
    state = models.CharField(
        max_length=8,
        choices=[(state.value, state.name.title()) for state in ReplayState],
        default=ReplayState.QUEUED.value,
    )
    orders = models.PositiveIntegerField(default=0)
    orders_done = models.PositiveIntegerField(default=0)
    summary = models.JSONField(default=dict)
    failure = models.CharField(max_length=400, blank=True, default="")
    currency = models.CharField(max_length=3, default="AUD")
    asked_by = models.CharField(max_length=160)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # A worker holds it until then; the fence keeps one that lost it from writing.
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-asked_at", "-id"]
        indexes = [models.Index(fields=["-asked_at", "-id"], name="replays_newest_first")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in ReplayState]), name="a_replay_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("begins_at")), name="a_replay_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_working(self) -> bool:
        """Whether a worker is at it, or should be."""
        return self.state in WORKING

    @property
    def progress(self) -> int:
        """How far it is, in per cent."""
        return min(99, 100 * self.orders_done // max(1, self.orders)) if self.is_working else 100


class ReplayedOrder(models.Model):
    """One order: how it was served, and how it would have been."""

    replay = models.ForeignKey(Replay, on_delete=models.CASCADE, related_name="results", db_index=False)
    order = models.ForeignKey("orders.Order", on_delete=models.CASCADE, related_name="+", db_index=False)
    placed_at = models.DateTimeField()
    is_changed = models.BooleanField()
    sites_before = ArrayField(models.CharField(max_length=16), default=list)
    sites_after = ArrayField(models.CharField(max_length=16), default=list)
    cost_before_minor = models.BigIntegerField()
    cost_after_minor = models.BigIntegerField()
    days_before = models.PositiveSmallIntegerField()
    days_after = models.PositiveSmallIntegerField()
    unfilled_before = models.PositiveIntegerField()
    unfilled_after = models.PositiveIntegerField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["replay", "is_changed", "id"], name="results_of_a_replay")]

    def __str__(self) -> str:
        return f"order {self.order_id} in {self.replay_id}"
