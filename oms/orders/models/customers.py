"""Customers that we know: what was agreed with them. Personal data stands apart and can be erased."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from oms.orders.rules import FIRST_PRIORITY, LAST_PRIORITY, PARTIAL_POLICIES, CustomerType


class Customer(models.Model):
    """Who buys again and again, as facts: prices, terms, and how orders are treated."""

    code = models.SlugField(max_length=32, unique=True, help_text="Named in every order of this customer.")
    customer_type = models.CharField(
        max_length=3,
        choices=[(kind.value, kind.name) for kind in CustomerType],
        help_text="A business or a person.",
    )
    currency = models.CharField(
        max_length=3, default="AUD", db_default="AUD", help_text="Of its prices and its credit."
    )
    price_list = models.SlugField(
        max_length=32, blank=True, default="", db_default="", help_text="Empty: that of its customer type."
    )
    priority = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="From 1 (served first) to 9; empty: that of its customer type."
    )
    partial_policy = models.CharField(
        max_length=10, blank=True, default="", db_default="", help_text="Empty: that of its customer type."
    )
    terms_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days to pay an invoice; empty: that of its customer type."
    )
    credit_limit_minor = models.BigIntegerField(
        null=True, blank=True, help_text="Most that may be owed, in cents; empty: no limit."
    )
    is_active = models.BooleanField(
        default=True, db_default=True, help_text="Off: new orders of this customer are refused."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(customer_type__in=[kind.value for kind in CustomerType]),
                name="a_customer_type_is_known",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex="^[A-Z]{3}$"), name="a_customer_currency_is_iso_4217"
            ),
            models.CheckConstraint(
                condition=Q(priority__isnull=True)
                | Q(priority__gte=FIRST_PRIORITY, priority__lte=LAST_PRIORITY),
                name="a_customer_priority_is_from_1_to_9",
            ),
            models.CheckConstraint(
                condition=Q(partial_policy__in=["", *PARTIAL_POLICIES]),
                name="a_customer_partial_policy_is_known",
            ),
            models.CheckConstraint(
                condition=Q(credit_limit_minor__isnull=True) | Q(credit_limit_minor__gte=0),
                name="a_credit_limit_is_never_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.code
