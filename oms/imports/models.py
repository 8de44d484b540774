"""Files that came in: the job, its file, what was refused, what changed."""

from uuid import uuid4

from django.db import models
from django.db.models import Q

from oms.imports.rules import WORKING, JobState, Kind, Verdict


class ImportJob(models.Model):
    """One file on its way: uploaded, checked, committed, perhaps undone."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    number = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.name.title()) for kind in Kind])
    state = models.CharField(
        max_length=10,
        choices=[(state.value, state.name.title()) for state in JobState],
        default=JobState.UPLOADED.value,
    )
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    form = models.CharField(max_length=4)
    encoding = models.CharField(max_length=12, blank=True, default="")
    separator = models.CharField(max_length=1, blank=True, default="")
    headers = models.JSONField(default=list)
    samples = models.JSONField(default=list)
    # Our column -> its position in the file; what was decided beside the columns.
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    # Codes of the locations within reach of the one who imports; null is everywhere.
    reach = models.JSONField(null=True)
    rows = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    last_row = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    undone = models.PositiveIntegerField(default=0)
    not_undone = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict)
    failure = models.CharField(max_length=400, blank=True, default="")
    actor_kind = models.CharField(max_length=10)
    actor_id = models.CharField(max_length=40, blank=True, default="")
    actor_name = models.CharField(max_length=160)
    uploaded_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True)
    committed_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    # A worker holds the job until then; the fence keeps one that lost it from writing.
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        indexes = [
            models.Index(fields=["-uploaded_at", "-id"], name="imports_newest_first"),
            models.Index(
                fields=["lease_until"],
                name="imports_at_work",
                condition=Q(state__in=["checking", "committing", "undoing"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in Kind]), name="an_import_kind_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in JobState]), name="an_import_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.file_name}"

    @property
    def is_working(self) -> bool:
        """Whether a worker is at it, or should be."""
        return self.state in WORKING

    @property
    def progress(self) -> int:
        """How far it is, in per cent."""
        if self.state in {JobState.UPLOADED, JobState.FAILED}:
            return 0
        if self.state == JobState.UNDOING:
            return min(99, 100 * (self.undone + self.not_undone) // max(1, self.created + self.changed))
        return min(99, 100 * self.rows_done // max(1, self.rows)) if self.is_working else 100


class ImportPiece(models.Model):
    """A part of the file as it came in."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="pieces", db_index=False)
    position = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="one_piece_per_position_of_a_file"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id} {self.position}"


class ImportFinding(models.Model):
    """Why a cell of a row was refused, or why a row could not be undone."""

    # Written while its job is locked: a key to check for each of a million rows would prove nothing more.
    job = models.ForeignKey(
        ImportJob, on_delete=models.CASCADE, related_name="findings", db_index=False, db_constraint=False
    )
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=200)
    value = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=400)
    of_undo = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["row", "id"]
        indexes = [models.Index(fields=["job", "row", "id"], name="findings_of_an_import")]

    def __str__(self) -> str:
        return f"{self.row} {self.column}: {self.reason}"


class ImportChange(models.Model):
    """One field that a row changed, or would change; once committed, the journal that undo reads."""

    job = models.ForeignKey(
        ImportJob, on_delete=models.CASCADE, related_name="changes", db_index=False, db_constraint=False
    )
    row = models.PositiveIntegerField()
    verdict = models.CharField(
        max_length=8, choices=[(verdict.value, verdict.name.title()) for verdict in Verdict]
    )
    subject = models.CharField(max_length=160)
    field = models.CharField(max_length=40)
    old = models.TextField(blank=True)
    new = models.TextField(blank=True)

    class Meta:
        ordering = ["row", "id"]
        indexes = [models.Index(fields=["job", "verdict", "row", "id"], name="changes_of_an_import")]

    def __str__(self) -> str:
        return f"{self.subject} {self.field}: {self.old} → {self.new}"


class ImportMapping(models.Model):
    """Which column of a kind of file is which, as the same person said last time."""

    actor = models.CharField(max_length=80)
    kind = models.CharField(max_length=10)
    fingerprint = models.CharField(max_length=64)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["actor", "kind", "fingerprint"], name="one_remembered_mapping_per_person_and_header"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.actor}"
