"""Addresses of the staff pages of invoices."""

from django.urls import path

from oms.invoices.views import pages

app_name = "invoices"

urlpatterns = [
    path("", pages.InvoiceList.as_view(), name="list"),
    path("invoices.csv", pages.InvoiceCsv.as_view(), name="csv"),
    path("<str:number>", pages.InvoicePage.as_view(), name="detail"),
    path("<str:number>/pdf", pages.InvoicePdf.as_view(), name="pdf"),
    path("<str:number>/settle", pages.Settle.as_view(), name="settle"),
]
