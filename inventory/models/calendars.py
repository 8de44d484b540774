"""When a location works: which days, until what hour, and when the carrier calls."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

WEEKDAYS = [(1, "Mon"), (2, "Tue"), (3, "Wed"), (4, "Thu"), (5, "Fri"), (6, "Sat"), (7, "Sun")]
FULL_WEEK = [day for day, _ in WEEKDAYS]


def working_week() -> list[int]:
    """Monday to Friday."""
    return FULL_WEEK[:5]


class WorkCalendar(models.Model):
    """The working days and hours of one location, by its own clock; without one it is Monday to Friday until 14:00."""

    location = models.OneToOneField(
        "inventory.StockLocation", on_delete=models.CASCADE, related_name="calendar", help_text="Whose days."
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(choices=WEEKDAYS),
        default=working_week,
        help_text="Days on which parcels leave, 1 for Monday to 7 for Sunday.",
    )
    cut_off = models.TimeField(
        default="14:00", help_text="Orders until this hour leave on the same working day."
    )
    hand_over = models.TimeField(default="17:00", help_text="When the carrier takes the parcels.")
    handling_days = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(60)],
        help_text="Working days that picking and packing take beyond the first.",
    )
    work_minutes = models.PositiveSmallIntegerField(
        default=120,
        validators=[MinValueValidator(1)],
        help_text="Minutes from the first pick to a packed parcel; less than that before hand-over is a risk.",
    )
    holiday_country = models.CharField(
        max_length=2, blank=True, default="", help_text="Whose public holidays are free; empty for none."
    )
    holiday_region = models.CharField(
        max_length=8, blank=True, default="", help_text="State or province of the holidays, such as WA."
    )

    class Meta:
        ordering = ["location"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekdays__len__gt=0) & Q(weekdays__contained_by=FULL_WEEK),
                name="a_location_works_on_some_day_of_the_week",
            ),
            models.CheckConstraint(
                condition=Q(hand_over__gte=F("cut_off")), name="the_carrier_calls_after_the_cut_off"
            ),
        ]

    def __str__(self) -> str:
        return f"calendar of {self.location_id}"


class SpecialDay(models.Model):
    """A day on which a location is closed although it would work, or open although it would not."""

    location = models.ForeignKey(
        "inventory.StockLocation", on_delete=models.CASCADE, related_name="special_days", help_text="Where."
    )
    day = models.DateField(help_text="By its own calendar.")
    is_open = models.BooleanField(default=False, db_default=False, help_text="Off: closed. On: open.")
    note = models.CharField(max_length=80, blank=True, default="", help_text="Why, such as stocktake.")

    class Meta:
        ordering = ["location", "day"]
        constraints = [
            models.UniqueConstraint(fields=["location", "day"], name="a_day_is_special_once_per_location")
        ]

    def __str__(self) -> str:
        return f"{self.day} {'open' if self.is_open else 'closed'}"
