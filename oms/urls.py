"""The roof: which address opens which room."""

from django.contrib import admin
from django.urls import include, path

admin.autodiscover()

urlpatterns = [
    path("api/v1/", include("oms.api_urls")),
    path("", include("oms.runtime.urls")),
    path("", include("oms.core.urls")),
    path("orders/", include("oms.orders.urls")),
    path("customers/", include("oms.orders.urls_customers")),
    path("invoices/", include("oms.invoices.urls")),
    path("letters/", include("oms.letters.urls")),
    path("stock/", include("inventory.urls")),
    path("", include("fulfilment.urls")),
    path("routing/", include("oms.routing.urls")),
    path("alerts/", include("oms.alerts.urls")),
    path("imports/", include("oms.imports.urls")),
    path("what-if/", include("oms.replays.urls")),
    path("replanning/", include("oms.replanning.urls")),
    path("invariants/", include("oms.reports.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "oms.core.views.errors.bad_request"
handler403 = "oms.core.views.errors.forbidden"
handler404 = "oms.core.views.errors.not_found"
handler500 = "oms.core.views.errors.server_error"
