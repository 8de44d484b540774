"""Why orders are held, changed or cancelled: a managed list."""

from django.db import models
from django.db.models import Q

from oms.orders.rules import ChangeKind, Releasable


class OrderReason(models.Model):
    """A reason that staff pick from; its code is named over REST."""

    kind = models.CharField(
        max_length=8,
        choices=[(kind.value, kind.name.title()) for kind in ChangeKind],
        help_text="What it is a reason for.",
    )
    code = models.SlugField(max_length=32, help_text="Named in files and over REST.")
    name = models.CharField(max_length=80, help_text="What staff pick from.")
    customer_sees = models.BooleanField(
        default=False, db_default=False, help_text="On: customers may be told this reason."
    )
    released_by = models.CharField(
        max_length=8,
        choices=[(who.value, who.name.title()) for who in Releasable],
        default=Releasable.ANYBODY.value,
        db_default="anybody",
        help_text="Of a hold: who may let the order go on.",
    )
    is_active = models.BooleanField(default=True, db_default=True, help_text="Off: kept for history only.")

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "code"], name="a_reason_is_listed_once_per_kind"),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in ChangeKind]),
                name="a_reason_is_for_something_known",
            ),
            models.CheckConstraint(
                condition=Q(released_by__in=[who.value for who in Releasable]),
                name="a_hold_is_released_by_somebody_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name
