"""Addresses of the staff pages of stock."""

from django.urls import include, path

from inventory.views import lists, reports, sku

app_name = "inventory"

urlpatterns = [
    path("", lists.StockList.as_view(), name="list"),
    path("", include("inventory.urls_books")),
    path("counts/", include("inventory.urls_counts")),
    path("", include("inventory.urls_floor")),
    path("reports", reports.ReportList.as_view(), name="reports"),
    path("reports/<int:report_id>", reports.ReportPage.as_view(), name="report"),
    path("skus/<path:code>/adjust", sku.Adjust.as_view(), name="adjust"),
    path("skus/<path:code>", sku.SkuPage.as_view(), name="sku"),
]
