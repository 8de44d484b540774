"""What came in, what must go out, and whom we tell."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from oms.core.rules import MessageState


class OutboxMessage(models.Model):
    """News that must leave, written with the facts it tells. Within an aggregate the id is the order."""

    topic = models.CharField(max_length=64)
    aggregate = models.CharField(max_length=128)
    payload = models.JSONField()
    dedupe_key = models.CharField(max_length=160, null=True)  # noqa: DJ001  (null: no twin to fear)
    state = models.CharField(
        max_length=9, choices=[(state.value, state.value) for state in MessageState], db_default="waiting"
    )
    attempts = models.PositiveSmallIntegerField(db_default=0)
    recorded_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # By the clock of the database: what tells of the past, or was recorded while nothing ran, is not late for that.
    entered_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(db_default=0)
    last_error = models.TextField(blank=True, db_default="")
    delivered_at = models.DateTimeField(null=True)
    request_id = models.CharField(max_length=64, blank=True, db_default="")
    # What the house had written, when a person has mended it since.
    original_payload = models.JSONField(null=True)
    settled_reason = models.TextField(blank=True, db_default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"], name="outbox_due", condition=Q(state__in=["waiting", "leased"])
            ),
            models.Index(
                fields=["aggregate", "id"],
                name="outbox_open_by_aggregate",
                condition=Q(state__in=["waiting", "leased", "dead"]),
            ),
            models.Index(fields=["id"], name="outbox_dead_letters", condition=Q(state="dead")),
            models.Index(fields=["lease_until"], name="outbox_leases", condition=Q(state="leased")),
            BrinIndex(fields=["recorded_at"], name="outbox_by_time", autosummarize=True),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key"], condition=Q(dedupe_key__isnull=False), name="news_is_told_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in MessageState]), name="outbox_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="leased") | Q(lease_until__isnull=False), name="a_lease_has_an_end"
            ),
            models.CheckConstraint(
                condition=~Q(state="delivered") | Q(delivered_at__isnull=False),
                name="a_delivery_has_its_hour",
            ),
            models.CheckConstraint(
                condition=~Q(state="discarded") | ~Q(settled_reason=""),
                name="a_discarded_message_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} of {self.aggregate} ({self.state})"


class InboxMessage(models.Model):
    """What came in, byte for byte, kept before the sender is thanked; applied at most once."""

    source = models.CharField(max_length=64)
    event_id = models.CharField(max_length=200)
    topic = models.CharField(max_length=64, blank=True, default="")
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    state = models.CharField(
        max_length=9, choices=[(state.value, state.value) for state in MessageState], db_default="waiting"
    )
    attempts = models.PositiveSmallIntegerField(db_default=0)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    last_error = models.TextField(blank=True, db_default="")
    applied_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, blank=True, db_default="")
    settled_reason = models.TextField(blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "event_id"], name="an_event_is_kept_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "delivered", "dead", "discarded"]),
                name="inbox_state_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(state="discarded") | ~Q(settled_reason=""), name="a_discarded_event_has_a_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="inbox_due", condition=Q(state="waiting")),
            models.Index(fields=["id"], name="inbox_dead_letters", condition=Q(state="dead")),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.event_id} ({self.state})"


class AppliedVersion(models.Model):
    """The newest version of a partner's object that was applied; an older one changes nothing."""

    source = models.CharField(max_length=64)
    object_id = models.CharField(max_length=200)
    version = models.BigIntegerField()
    applied_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "object_id"], name="one_version_per_object")]

    def __str__(self) -> str:
        return f"{self.source} {self.object_id} at {self.version}"


class WebhookEndpoint(models.Model):
    """An address that is told our news; its signing secrets are kept sealed."""

    url = models.URLField(max_length=500)
    description = models.CharField(max_length=200, blank=True)
    topics = ArrayField(models.CharField(max_length=64), default=list, help_text="* means every topic.")
    # Newest first; during a rotation both sign.
    sealed_secrets = ArrayField(models.TextField(), default=list, editable=False)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(sealed_secrets__len__gt=0), name="an_endpoint_has_a_secret"),
        ]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One attempt to tell an endpoint something, and what it answered."""

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries")
    message = models.ForeignKey(OutboxMessage, models.SET_NULL, null=True, related_name="deliveries")
    webhook_id = models.CharField(max_length=64)
    topic = models.CharField(max_length=64)
    attempted_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    answer_status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        indexes = [models.Index(fields=["endpoint", "-id"], name="deliveries_of_an_endpoint")]

    def __str__(self) -> str:
        return f"{self.topic} to {self.endpoint_id}: {self.answer_status or self.error}"
