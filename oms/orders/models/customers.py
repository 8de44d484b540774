"""Customers that we know: what was agreed with them. Personal data stands apart and can be erased."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper

from oms.orders.rules import (
    BACKORDER_POLICIES,
    FIRST_PRIORITY,
    LAST_PRIORITY,
    NORMAL_PRIORITY,
    PARTIAL_POLICIES,
    CustomerType,
)

PARTIAL_WORDS = (
    ("split", "Ship what is there, the rest follows"),
    ("together", "Wait until all of it is there"),
    ("ask", "Hold the order and ask a person"),
)
BACKORDER_WORDS = (("backorder", "Accept and wait for stock"), ("block", "Refuse the order"))


class CustomerTypePolicy(models.Model):
    """What applies to all customers of a type, unless one of them has its own; the channel comes after it."""

    customer_type = models.CharField(
        max_length=3,
        unique=True,
        choices=[(kind.value, kind.name) for kind in CustomerType],
        help_text="Persons or businesses.",
    )
    price_list = models.SlugField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="Prices of lines that come without one; empty: the standard list.",
    )
    priority = models.PositiveSmallIntegerField(
        default=NORMAL_PRIORITY, db_default=NORMAL_PRIORITY, help_text="From 1 (served first) to 9."
    )
    partial_policy = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        choices=PARTIAL_WORDS,
        help_text="When not all of an order can leave at once; empty: the channel decides.",
    )
    backorder_policy = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        choices=BACKORDER_WORDS,
        help_text="For SKUs that have no policy of their own; empty: the channel decides.",
    )
    terms_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Days that known customers have to pay an invoice; empty: no invoice.",
    )
    requires_po_number = models.BooleanField(
        default=False, db_default=False, help_text="On: an order without their own order number is refused."
    )
    is_residential = models.BooleanField(
        null=True, blank=True, help_text="Where parcels go when an order does not say; unknown: not said."
    )
    credit_owner = models.CharField(
        max_length=150,
        blank=True,
        default="",
        db_default="",
        help_text="User name of who answers for orders above a credit limit; empty: an accountant.",
    )

    class Meta:
        ordering = ["customer_type"]
        verbose_name_plural = "customer type policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(customer_type__in=[kind.value for kind in CustomerType]),
                name="a_policy_is_for_a_known_customer_type",
            ),
            models.CheckConstraint(
                condition=Q(priority__gte=FIRST_PRIORITY, priority__lte=LAST_PRIORITY),
                name="a_type_priority_is_from_1_to_9",
            ),
            models.CheckConstraint(
                condition=Q(partial_policy__in=["", *PARTIAL_POLICIES]),
                name="a_type_partial_policy_is_known",
            ),
            models.CheckConstraint(
                condition=Q(backorder_policy__in=["", *BACKORDER_POLICIES]),
                name="a_type_backorder_policy_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.get_customer_type_display()


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
        max_length=10,
        blank=True,
        default="",
        db_default="",
        choices=PARTIAL_WORDS,
        help_text="Empty: that of its customer type.",
    )
    backorder_policy = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        choices=BACKORDER_WORDS,
        help_text="Empty: that of its customer type.",
    )
    requires_po_number = models.BooleanField(
        null=True, blank=True, help_text="Unknown: as its customer type says."
    )
    terms_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Days to pay an invoice; empty: those of its customer type."
    )
    credit_limit_minor = models.BigIntegerField(
        null=True, blank=True, help_text="Most that may be owed, in cents; empty: no limit."
    )
    is_active = models.BooleanField(
        default=True, db_default=True, help_text="Off: new orders of this customer are refused."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # Who it was is forgotten; what it bought is not.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

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
            models.CheckConstraint(
                condition=Q(backorder_policy__in=["", *BACKORDER_POLICIES]),
                name="a_customer_backorder_policy_is_known",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(is_active=False),
                name="an_erased_customer_buys_nothing",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CustomerAccount(models.Model):
    """What a customer with terms owes: a running total that triggers keep from its orders and invoices."""

    customer = models.OneToOneField(
        Customer, on_delete=models.PROTECT, primary_key=True, related_name="account"
    )
    # Orders on terms, as far as they are not on an invoice yet; then invoices that are not paid.
    unbilled_minor = models.BigIntegerField(default=0, db_default=0)
    unpaid_minor = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(unbilled_minor__gte=0, unpaid_minor__gte=0), name="what_is_owed_is_never_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"account of {self.customer_id}"

    @property
    def owed_minor(self) -> int:
        """All that would have to be paid if everything were delivered today."""
        return self.unbilled_minor + self.unpaid_minor


class CustomerContact(models.Model):
    """Who a customer is; deleted when somebody asks to be forgotten."""

    customer = models.OneToOneField(
        Customer, on_delete=models.CASCADE, primary_key=True, related_name="contact"
    )
    name = models.CharField(max_length=200, help_text="A person or a company.")
    email = models.CharField(
        max_length=254, blank=True, default="", db_default="", help_text="Where invoices go."
    )
    phone = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="For a question about an order."
    )
    tax_number = models.CharField(
        max_length=40, blank=True, default="", db_default="", help_text="Printed on their invoices."
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="a_customer_has_a_name")]
        indexes = [
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="customer_name_trigrams"),
            models.Index(Upper("email"), name="customers_by_mail", condition=~Q(email="")),
        ]

    def __str__(self) -> str:
        # Names stand in no log of changes.
        return f"contact of customer {self.customer_id}"


class CustomerAddress(models.Model):
    """An entry of a customer's address book; orders name it by its code and keep a copy of their own."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses", db_index=False)
    code = models.SlugField(max_length=32, help_text="Named in orders as ship_to.")
    label = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text="What staff pick from."
    )
    name = models.CharField(max_length=200, help_text="Who takes the parcel.")
    line1 = models.CharField(max_length=200, help_text="Street and number.")
    line2 = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Floor, dock or company."
    )
    city = models.CharField(max_length=200, help_text="Town or suburb.")
    region = models.CharField(max_length=40, blank=True, default="", db_default="", help_text="State.")
    postcode = models.CharField(
        max_length=16, blank=True, default="", db_default="", help_text="As carriers know it."
    )
    country = models.CharField(max_length=2, help_text="Two letters, such as AU.")
    is_residential = models.BooleanField(
        null=True, blank=True, help_text="Somebody's home; unknown: as the customer type says."
    )
    is_billing = models.BooleanField(
        default=False, db_default=False, help_text="On: invoices go here unless an order says otherwise."
    )

    class Meta:
        ordering = ["customer", "code"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "code"], name="one_address_per_code_of_a_customer"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_billing=True), name="a_customer_has_one_billing_address"
            ),
            models.CheckConstraint(
                condition=Q(country__regex="^[A-Z]{2}$"), name="an_address_country_is_iso_3166"
            ),
        ]

    def __str__(self) -> str:
        return self.code
