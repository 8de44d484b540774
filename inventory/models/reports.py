"""What partners and suppliers say they have; compared with ours, never written over it."""

from django.db import models

from inventory.models.places import StockLocation


class StockReport(models.Model):
    """One feed of a partner or supplier: what stood there at one instant, as they say."""

    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="stock_reports")
    reference = models.CharField(
        max_length=80, help_text="The partner's name for this report; it is taken once."
    )
    reported_at = models.DateTimeField()
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=80)
    is_complete = models.BooleanField(
        default=False, db_default=False, help_text="SKUs that it does not name are none there."
    )

    class Meta:
        ordering = ["-reported_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["location", "reference"], name="a_stock_report_is_taken_once"),
        ]

    def __str__(self) -> str:
        return f"{self.location.code} {self.reference}"


class StockReportLine(models.Model):
    """One SKU in a report; ``ours`` is what our level showed at that instant."""

    report = models.ForeignKey(StockReport, on_delete=models.PROTECT, related_name="lines", db_index=False)
    sku = models.ForeignKey("catalogue.Sku", on_delete=models.PROTECT, related_name="+")
    on_hand = models.PositiveIntegerField()
    ours = models.IntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "sku"], name="a_report_names_a_sku_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sku}: {self.on_hand}"
