"""Addresses of the staff pages of letters."""

from django.urls import path

from oms.letters.views import pages

app_name = "letters"

urlpatterns = [
    path("", pages.LetterList.as_view(), name="list"),
    path("<int:pk>", pages.LetterPage.as_view(), name="detail"),
    path("<int:pk>/again", pages.SendAgain.as_view(), name="again"),
]
