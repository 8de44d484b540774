"""Inventory accuracy: how many lines of posted counts agreed with the books, and by how much the others were off."""

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import BigIntegerField, Case, Count, DecimalField, F, Q, QuerySet, Sum, When
from django.db.models.functions import Abs, Coalesce, TruncWeek

from inventory.models import CountLine


def posted_lines(codes: Iterable[str] | None) -> QuerySet[CountLine]:
    """Lines of posted counts with their difference and its value; the second count stands where there is one."""
    is_second = Q(second_count__isnull=False)
    whole = BigIntegerField()
    cost = DecimalField(max_digits=24, decimal_places=4)
    found = CountLine.objects.filter(task__posted_at__isnull=False).select_related(
        "task__location", "task__bin", "task__plan", "level__sku", "level__location", "lot", "movement"
    )
    if codes is not None:
        found = found.filter(task__location__code__in=list(codes))
    return (
        found.annotate(
            counted=Case(When(is_second, then=F("second_count")), default=F("first_count")),
            expected=Case(When(is_second, then=F("second_expected")), default=F("first_expected")),
        )
        .annotate(difference=F("counted") - F("expected"))
        .annotate(
            pieces_off=Abs("difference", output_field=whole),
            value_off=Abs(F("difference") * Coalesce(F("level__sku__unit_cost"), 0), output_field=cost),
            value_expected=Case(
                When(expected__gt=0, then=F("expected") * Coalesce(F("level__sku__unit_cost"), 0)),
                default=0,
                output_field=cost,
            ),
        )
    )


IS_TOLERATED = Q(difference=0) | (
    Q(task__plan__isnull=False, pieces_off__lte=F("task__plan__tolerance_pieces"))
)


_SUMS = {
    "lines": Count("pk"),
    "exact": Count("pk", filter=Q(difference=0)),
    "tolerated": Count("pk", filter=IS_TOLERATED),
    "off_worth": Sum("value_off"),
    "books_worth": Sum("value_expected"),
}


def accuracy(lines: QuerySet[CountLine]) -> dict[str, object]:
    """How many lines there are, how many agreed with the books, and the same by value, as sums."""
    return lines.order_by().aggregate(**_SUMS)


def line_named(text: str) -> Q:
    """A filter for lines that a text names: by SKU, bin or count."""
    return (
        Q(level__sku__code__iexact=text) | Q(task__number__iexact=text) | Q(task__bin__code__istartswith=text)
    )


def by_week(lines: QuerySet[CountLine], *, zone: tzinfo, since: datetime) -> list[Mapping[str, Any]]:
    """The sums of ``accuracy`` for each week since an instant, newest first."""
    return list(
        lines.filter(task__posted_at__gte=since)
        .order_by()
        .annotate(week=TruncWeek("task__posted_at", tzinfo=zone))
        .values("week")
        .annotate(**_SUMS)
        .order_by("-week")
    )
