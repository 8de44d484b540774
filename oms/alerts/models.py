"""What needs a person: one open alert per cause and object, owned and closed with a note."""

from django.db import models
from django.db.models import Q


class Severity(models.TextChoices):
    """How soon somebody should look."""

    LOOK = "look", "Needs a look"
    STOP = "stop", "Stops work"


class Alert(models.Model):
    """Something went wrong with one object; raising it again only counts it."""

    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=24)
    subject_id = models.CharField(max_length=64)
    severity = models.CharField(max_length=4, choices=Severity, default=Severity.LOOK)
    message = models.CharField(max_length=300)
    url = models.CharField(max_length=200, blank=True, default="")
    location_code = models.CharField(max_length=16, blank=True, default="")
    times = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    owner = models.ForeignKey(
        "core.User", on_delete=models.PROTECT, null=True, blank=True, related_name="alerts"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=80, blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ["-last_seen_at", "-id"]
        indexes = [
            models.Index(
                fields=["-last_seen_at", "-id"], name="open_alerts", condition=Q(closed_at__isnull=True)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_kind", "subject_id"],
                condition=Q(closed_at__isnull=True),
                name="one_open_alert_per_cause_and_object",
            ),
        ]

    def __str__(self) -> str:
        return self.message
