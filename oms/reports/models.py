"""What was proved, and when."""

from django.db import models


class InvariantRun(models.Model):
    """One recomputation of one invariant from raw rows."""

    code = models.CharField(max_length=8)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    rows_checked = models.PositiveBigIntegerField()
    differences = models.PositiveIntegerField()
    samples = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["code", "-finished_at"], name="newest_run_of_an_invariant")]

    def __str__(self) -> str:
        return f"{self.code}: {self.differences} differences"
