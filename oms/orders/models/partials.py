"""What people decided about orders that could not leave whole."""

from django.db import models
from django.db.models import Q

from oms.orders.partials import PartialDecision


class PartialQuestion(models.Model):
    """One question whether a part of an order may ship, and its answer for ever; opened and closed with its hold."""

    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="partial_questions", db_index=False
    )
    reason = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    decision = models.CharField(
        max_length=14,
        blank=True,
        default="",
        db_default="",
        choices=[(each.value, each.value.replace("_", " ").capitalize()) for each in PartialDecision],
    )
    decided_by = models.CharField(max_length=80, blank=True, default="", db_default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["order", "-id"], name="questions_of_an_order"),
            models.Index(fields=["asked_at", "id"], name="open_questions", condition=Q(decision="")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(decision=""), name="an_order_has_one_open_question"
            ),
            models.CheckConstraint(
                condition=Q(decision__in=["", *[each.value for each in PartialDecision]]),
                name="a_partial_decision_is_known",
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_by="", decided_at__isnull=True)
                | ~Q(decision="") & ~Q(decided_by="") & Q(decided_at__isnull=False),
                name="a_partial_decision_says_who_and_when",
            ),
        ]

    def __str__(self) -> str:
        return self.decision or "to decide"
