"""One deed on many orders, done in the background; each order has its own result."""

import uuid

from django.db import models
from django.db.models import Q

from oms.orders.rules import DeedState, JobDeed


class OrderJob(models.Model):
    """What a person asked to be done to many orders."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    deed = models.CharField(max_length=8, choices=[(deed.value, deed.name.title()) for deed in JobDeed])
    reason_code = models.CharField(max_length=32, blank=True, default="", db_default="")
    note = models.CharField(max_length=200, blank=True, default="", db_default="")
    owner = models.CharField(max_length=150, blank=True, default="", db_default="")
    asked_by = models.ForeignKey("core.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        indexes = [
            models.Index(fields=["asked_at"], name="order_jobs_to_do", condition=Q(finished_at__isnull=True)),
            models.Index(fields=["-asked_at", "id"], name="order_jobs_newest_first"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(deed__in=[deed.value for deed in JobDeed]), name="a_job_does_something_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.deed} of many orders"


class OrderJobItem(models.Model):
    """One order of a job, and what became of it."""

    job = models.ForeignKey(OrderJob, on_delete=models.CASCADE, related_name="items", db_index=False)
    position = models.PositiveIntegerField()
    number = models.CharField(max_length=20)
    state = models.CharField(
        max_length=8,
        choices=[(state.value, state.name.title()) for state in DeedState],
        default=DeedState.WAITING.value,
        db_default="waiting",
    )
    said = models.CharField(max_length=300, blank=True, default="", db_default="")
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["job", "position"]
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="one_order_per_position_of_a_job"),
            models.UniqueConstraint(fields=["job", "number"], name="a_job_names_an_order_once"),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in DeedState]), name="a_deed_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.number
