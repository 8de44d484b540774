"""Cycle counts: what is to be counted, by whom, and what they found."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from inventory.count_rules import LIVE_COUNTS
from inventory.models.ledger import StockMovement
from inventory.models.levels import Lot, StockLevel
from inventory.models.places import Bin, StockLocation
from inventory.rules import CountStatus


class CountPlan(models.Model):
    """How often a location's stock is counted, by class: A is counted most often."""

    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="count_plans")
    name = models.CharField(max_length=80)
    days_a = models.PositiveSmallIntegerField(default=30, help_text="Days between two counts of class A.")
    days_b = models.PositiveSmallIntegerField(default=90, help_text="Days between two counts of class B.")
    days_c = models.PositiveSmallIntegerField(default=180, help_text="Days between two counts of class C.")
    tasks_per_day = models.PositiveSmallIntegerField(default=20, help_text="At most so many new tasks a day.")
    tolerance_pieces = models.PositiveIntegerField(
        default=0, help_text="A difference of up to so many pieces needs no second count."
    )
    tolerance_value_minor = models.PositiveBigIntegerField(
        default=0,
        help_text="And it is worth no more than this, in minor units of the SKU's currency; 0 means any value.",
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        blank=True,
        help_text="Monday is 0; empty means every day.",
    )
    is_active = models.BooleanField(default=True, db_default=True)

    class Meta:
        ordering = ["location", "name"]
        constraints = [
            models.UniqueConstraint(fields=["location", "name"], name="a_count_plan_has_its_own_name"),
            models.CheckConstraint(
                condition=Q(days_a__gt=0, days_b__gt=0, days_c__gt=0), name="a_count_comes_round_after_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.location.code}"


class CountClass(models.Model):
    """How much a level matters (A, B or C, by the value that left in 90 days) and when it was last counted."""

    level = models.OneToOneField(StockLevel, on_delete=models.PROTECT, related_name="count_class")
    abc = models.CharField(max_length=1, default="C", db_default="C")
    issued_value_minor = models.BigIntegerField(default=0, db_default=0)
    last_counted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["abc", "last_counted_at"], name="what_is_due_to_be_counted")]
        constraints = [
            models.CheckConstraint(condition=Q(abc__in=["A", "B", "C"]), name="a_count_class_is_a_b_or_c")
        ]

    def __str__(self) -> str:
        return f"{self.abc}: {self.level}"


class CountTask(models.Model):
    """Something to be counted at one location: a whole bin, or the levels of some SKUs where there are no bins."""

    number = models.CharField(max_length=20, unique=True)
    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="count_tasks")
    plan = models.ForeignKey(
        CountPlan, on_delete=models.SET_NULL, null=True, blank=True, related_name="tasks"
    )
    bin = models.ForeignKey(Bin, on_delete=models.PROTECT, null=True, blank=True, related_name="count_tasks")
    status = models.CharField(
        max_length=10,
        choices=[(status.value, status.name.title()) for status in CountStatus],
        default=CountStatus.OPEN.value,
        db_default=CountStatus.OPEN.value,
    )
    cause = models.CharField(max_length=120, blank=True, default="", db_default="")
    due_on = models.DateField()
    opened_at = models.DateTimeField()
    first_counter = models.ForeignKey(
        "core.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    second_counter = models.ForeignKey(
        "core.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        "core.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        ordering = ["due_on", "id"]
        indexes = [
            models.Index(
                fields=["location", "due_on", "id"],
                name="counts_to_do",
                condition=Q(status__in=["open", "counting", "recount", "review"]),
            ),
            models.Index(fields=["-opened_at", "-id"], name="counts_newest_first"),
            models.Index(
                fields=["location", "-posted_at"], name="counts_posted", condition=Q(posted_at__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["bin"],
                condition=Q(status__in=[status.value for status in LIVE_COUNTS]),
                name="a_bin_is_counted_by_one_task_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(posted_at__isnull=False, status="posted")
                | (Q(posted_at__isnull=True) & ~Q(status="posted")),
                name="a_posted_count_says_when",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[status.value for status in CountStatus]),
                name="a_count_status_is_known",
            ),
            models.CheckConstraint(
                condition=Q(second_counter__isnull=True) | ~Q(second_counter=F("first_counter")),
                name="a_recount_is_done_by_another_person",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | (
                    ~Q(decided_by=F("first_counter"))
                    & (Q(second_counter__isnull=True) | ~Q(decided_by=F("second_counter")))
                ),
                name="neither_counter_approves_a_count",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CountLine(models.Model):
    """One SKU (in a bin, of a lot) on a count: what each person found, and what the books said at that instant."""

    task = models.ForeignKey(CountTask, on_delete=models.PROTECT, related_name="lines", db_index=False)
    level = models.ForeignKey(StockLevel, on_delete=models.PROTECT, related_name="count_lines")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    is_found = models.BooleanField(
        default=False, db_default=False, help_text="Not asked for; the counter found it there."
    )
    first_count = models.PositiveIntegerField(null=True, blank=True)
    first_counted_at = models.DateTimeField(null=True, blank=True)
    first_expected = models.IntegerField(null=True, blank=True)
    second_count = models.PositiveIntegerField(null=True, blank=True)
    second_counted_at = models.DateTimeField(null=True, blank=True)
    second_expected = models.IntegerField(null=True, blank=True)
    movement = models.OneToOneField(
        StockMovement, on_delete=models.PROTECT, null=True, blank=True, related_name="count_line"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["task", "level", "lot"], nulls_distinct=False, name="one_count_line_per_level_and_lot"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task_id}: {self.level}"


class CountScan(models.Model):
    """One scan or typed figure of a count and its one effect; the key comes from the device."""

    key = models.UUIDField(unique=True)
    line = models.ForeignKey(CountLine, on_delete=models.PROTECT, related_name="scans")
    is_second = models.BooleanField(default=False, db_default=False)
    code = models.CharField(max_length=128)
    quantity = models.IntegerField(help_text="Pieces by which the count changed.")
    is_typed = models.BooleanField(default=False, db_default=False)
    scanned_by = models.ForeignKey("core.User", on_delete=models.PROTECT, related_name="+")
    scanned_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="undone_by"
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.quantity:+d} by {self.scanned_by_id}"
