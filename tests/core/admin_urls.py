"""The addresses of the house, with the admin on our own site whatever the settings say."""

from django.contrib import admin
from django.urls import path

from oms.core.admin_site import HouseAdminSite
from oms.urls import urlpatterns as house

site = HouseAdminSite(name="admin")
for model, model_admin in admin.site._registry.items():
    site.register(model, type(model_admin))

urlpatterns = [path("admin/", site.urls), *[entry for entry in house if str(entry.pattern) != "admin/"]]
