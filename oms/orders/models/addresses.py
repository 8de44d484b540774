"""Other addresses that were wanted for orders whose work partners had confirmed."""

from django.db import models
from django.db.models import Q

from oms.orders.readdressings import AddressState


class AddressChange(models.Model):
    """Where an order is to go instead, once all partners that have confirmed its work accept.

    The address is personal: it is never changed, and emptied when its customer is forgotten.
    """

    order = models.ForeignKey(
        "orders.Order", on_delete=models.PROTECT, related_name="address_changes", db_index=False
    )
    state = models.CharField(
        max_length=9,
        choices=[(each.value, each.value.capitalize()) for each in AddressState],
        default="requested",
        db_default="requested",
    )
    address = models.JSONField(default=dict)
    reason_code = models.CharField(max_length=32, blank=True, default="", db_default="")
    reason = models.CharField(max_length=200)
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    settled_by = models.CharField(max_length=80, blank=True, default="", db_default="")
    settled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["order", "-id"], name="address_changes_of_an_order")]
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state="requested"),
                name="an_order_has_one_open_address_change",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[each.value for each in AddressState]),
                name="an_address_change_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(state="requested", settled_by="", settled_at__isnull=True)
                | ~Q(state="requested") & ~Q(settled_by="") & Q(settled_at__isnull=False),
                name="an_address_change_ends_at_an_instant_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["requested", "applied"]) | ~Q(outcome=""),
                name="an_address_that_stays_says_why",
            ),
            models.CheckConstraint(
                condition=~Q(state="requested") | ~Q(address={}), name="a_wanted_address_is_said"
            ),
        ]

    def __str__(self) -> str:
        return f"address of order {self.order_id}, {self.state}"
