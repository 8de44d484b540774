"""What the house can prove: who did what, on whose word, and that it was done once."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from oms.core.fields import CurrentTransaction, TransactionIdField
from oms.core.rules import ApprovalState


class AuditEntry(models.Model):
    """Who did what to which document, and when; never changed, never deleted, sealed into a chain."""

    xid = TransactionIdField(db_default=CurrentTransaction(), editable=False)
    action = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=48)
    subject_id = models.CharField(max_length=128)
    actor_kind = models.CharField(max_length=8)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=150)
    happened_at = models.DateTimeField()
    request_id = models.CharField(max_length=64, blank=True)
    changes = models.JSONField(null=True)
    note = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["xid", "id"], name="audit_in_commit_order"),
            models.Index(fields=["subject_kind", "subject_id", "id"], name="audit_of_a_subject"),
            BrinIndex(fields=["happened_at"], name="audit_by_time", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_kind} {self.subject_id} by {self.actor_name}"


class AuditSeal(models.Model):
    """One link of the chain: the digest of the link before and of one audit entry."""

    seq = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, models.PROTECT, related_name="seal")
    prev_hash = models.BinaryField()
    hash = models.BinaryField()
    sealed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(seq__gte=1), name="seals_count_from_one")]

    def __str__(self) -> str:
        return f"seal {self.seq}"


class AuditEra(models.Model):
    """The chain went on in a database that was restored elsewhere, where transactions have lower numbers."""

    after_seq = models.BigIntegerField()
    began_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"after seal {self.after_seq}"


class IdempotencyKey(models.Model):
    """A request's key and the answer it got: (client, key), digest of the request, status, raw body."""

    pk = models.CompositePrimaryKey("client", "key")
    client = models.CharField(max_length=160)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField()
    status = models.SmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [BrinIndex(fields=["created_at"], name="keys_by_time", autosummarize=True)]

    def __str__(self) -> str:
        return f"{self.client} {self.key}"


class Approval(models.Model):
    """A second person's word on one exact content; another content needs another word."""

    action = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=48)
    subject_id = models.CharField(max_length=128)
    content = models.JSONField()
    content_hash = models.BinaryField()
    state = models.CharField(
        max_length=9,
        choices=[(state.value, state.value) for state in ApprovalState],
        default=ApprovalState.REQUESTED.value,
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="approvals_requested"
    )
    requested_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="approvals_decided"
    )
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(blank=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject_kind", "subject_id", "id"], name="approvals_of_a_subject")]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("requested_by")),
                name="nobody_approves_their_own_request",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "rejected", "used"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="a_decision_has_a_person_and_an_hour",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True) | Q(state="voided") | Q(decided_at__lt=F("expires_at")),
                name="a_decision_comes_before_expiry",
            ),
            models.UniqueConstraint(
                fields=["action", "subject_kind", "subject_id"],
                condition=Q(state__in=["requested", "approved"]),
                name="one_open_approval_per_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_kind} {self.subject_id} ({self.state})"


class NumberSeries(models.Model):
    """The last number of a series of documents that may have no gap; taken under its lock."""

    prefix = models.CharField(max_length=8, primary_key=True)
    last = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "number series"

    def __str__(self) -> str:
        return f"{self.prefix}-{self.last}"
