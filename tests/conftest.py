"""Every test runs as the application's own database role, with the privileges of production."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases
from zeal import zeal_context

from oms.core.owner import as_owner
from tests.emptying import Emptier

# Suites that need more than a database or more than a minute run when they are asked for by name.
BY_NAME = {"browser", "faults", "benchmarks"}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the suites that only run by name."""
    if collection_path.parent.name != "tests" or collection_path.name not in BY_NAME:
        return None
    asked = (config.invocation_params.dir / argument.split("::")[0] for argument in config.args)
    return None if any(path.is_relative_to(collection_path) for path in asked) else True


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    django_test_environment: None,
    django_db_blocker,
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[None]:
    """Create and migrate as the owner of the tables, then test as the application."""
    verbosity = request.config.option.verbose
    with django_db_blocker.unblock(), as_owner(connection):
        created = setup_databases(verbosity=verbosity, interactive=False, aliases={"default"})
        emptier = Emptier(connection)
    django_patch = pytest.MonkeyPatch()
    django_patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: emptier.empty())
    with django_db_blocker.unblock():
        yield
        emptier.close()
        django_patch.undo()
        with as_owner(connection):
            teardown_databases(created, verbosity=0)


@pytest.fixture
def no_n_plus_one() -> Iterator[None]:
    """Fail the test when a query is repeated row by row."""
    with zeal_context():
        yield


@pytest.fixture
def owner_connection(django_db_setup: None) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    """A connection as the owner of the tables, to prove what even the owner may not do."""
    name = settings.DATABASES["default"]["NAME"]
    with psycopg.connect(settings.DATABASE_OWNER_URL.rsplit("/", 1)[0] + f"/{name}") as owner:
        yield owner
        owner.rollback()
