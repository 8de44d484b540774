"""Addresses of the staff pages of customers."""

from django.urls import path

from oms.orders.views import customers

app_name = "customers"

urlpatterns = [
    path("", customers.CustomerList.as_view(), name="list"),
    path("new", customers.NewCustomerPage.as_view(), name="new"),
    path("<slug:code>", customers.CustomerPage.as_view(), name="detail"),
    path("<slug:code>/edit", customers.EditCustomerPage.as_view(), name="edit"),
    path("<slug:code>/address", customers.AddressPage.as_view(), name="address"),
    path("<slug:code>/address/<slug:entry>/remove", customers.RemoveAddress.as_view(), name="remove_address"),
    path("<slug:code>/erase", customers.Erase.as_view(), name="erase"),
]
