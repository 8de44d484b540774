"""The ground floor, and the admin with our doors."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class CoreConfig(AppConfig):
    name = "oms.core"
    label = "core"
    verbose_name = "People, tokens and messages"
    default = True


class HouseAdminConfig(SimpleAdminConfig):
    default_site = "oms.core.admin_site.HouseAdminSite"
    default = False
