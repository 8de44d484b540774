"""The second database role: the owner of the tables, whom only migrations and tests may become."""

from collections.abc import Iterator
from contextlib import contextmanager

import environ
from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper

LOGIN = ("USER", "PASSWORD", "HOST", "PORT")
# Under this key a connection that is logged in as the owner remembers whom it serves otherwise.
SERVES = "OMS_APPLICATION_ROLE"


@contextmanager
def as_owner(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Log in as the owner for the length of the block; with one role only, change nothing."""
    already = SERVES in connection.settings_dict
    if not settings.DATABASE_OWNER_URL or already or connection.in_atomic_block:
        yield
        return
    before = {key: connection.settings_dict[key] for key in LOGIN}
    owner = environ.Env.db_url_config(settings.DATABASE_OWNER_URL)
    connection.close()
    connection.settings_dict.update({key: owner[key] for key in LOGIN})
    connection.settings_dict[SERVES] = before["USER"]
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
        del connection.settings_dict[SERVES]


def application_role(connection: BaseDatabaseWrapper) -> str:
    """The name of the role that the application runs as; empty when it is the owner itself."""
    if not settings.DATABASE_OWNER_URL:
        return ""
    owner = environ.Env.db_url_config(settings.DATABASE_OWNER_URL)["USER"]
    user = connection.settings_dict.get(SERVES) or connection.settings_dict["USER"]
    return "" if user == owner else user
