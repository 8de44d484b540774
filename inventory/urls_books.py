"""Addresses of the books of stock and of stock of the past; part of the stock pages."""

from django.urls import path

from inventory.views import closes, history

urlpatterns = [
    path("movements", history.MovementList.as_view(), name="movements"),
    path("as-of", history.AsOfPage.as_view(), name="as_of"),
    path("closes/", closes.CloseList.as_view(), name="closes"),
    path("closes/<str:site>/<str:day>", closes.ClosePage.as_view(), name="close"),
    path("closes/<str:site>/<str:day>/sign", closes.SignDay.as_view(), name="sign_close"),
]
