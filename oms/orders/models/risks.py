"""Which orders are going to be late, as far as can be foreseen."""

from django.db import models
from django.db.models import Q

from oms.orders.rules import RiskCause


class LateRisk(models.Model):
    """An order that is foreseen to miss its promise, and why; gone as soon as it is not any more."""

    order = models.OneToOneField("orders.Order", on_delete=models.CASCADE, related_name="late_risk")
    cause = models.CharField(max_length=8, choices=[(cause.value, cause.name.title()) for cause in RiskCause])
    reason = models.CharField(max_length=200)
    expected_by = models.DateTimeField(null=True, blank=True)
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(cause__in=[cause.value for cause in RiskCause]), name="a_risk_has_a_known_cause"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_risk_says_why"),
        ]

    def __str__(self) -> str:
        return self.reason
