"""A file as somebody sends it, and the whole way it goes."""

import io
from collections.abc import Callable

import pytest
from django.utils import timezone

from oms.flows import importing
from oms.imports import intake, queries
from oms.imports.models import ImportJob
from oms.imports.rules import Choices, JobState, Kind
from tests import builders
from tests.builders import TESTER

Send = Callable[..., ImportJob]


@pytest.fixture
def send(db) -> Send:
    """Send a file and let it be worked on; ``dry`` stops at the difference."""
    builders.reasons()

    def send(
        content: bytes | str,
        kind: str = "stock",
        *,
        dry=False,
        name="file.csv",
        reach=None,
        options=None,
        at=None,
    ):
        raw = content.encode() if isinstance(content, str) else content
        looked = intake.looked_at(io.BytesIO(raw), name, Kind(kind), choices=Choices.from_json(options or {}))
        then = JobState.CHECKING if dry else JobState.COMMITTING
        job = importing.upload(
            looked, io.BytesIO(raw), reach=reach, then=then, actor=TESTER, at=at or timezone.now()
        )
        importing.run(job.pk, clock=timezone.now)
        return queries.job(job.pk)

    return send


def counts(job: ImportJob) -> tuple[int, int, int, int]:
    """(created, changed, same, refused) of a job."""
    return job.created, job.changed, job.same, job.refused


def reasons(job: ImportJob) -> list[tuple[int, str, str, str]]:
    """(row, column, value, reason) of everything refused."""
    return list(queries.findings(job).values_list("row", "column", "value", "reason"))
