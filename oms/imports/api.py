"""Files over REST: upload, watch, commit, undo; and everything out again in the same columns."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from oms.core import idempotency
from oms.core.api import answered, page_of
from oms.core.api.schema import documented, list_of
from oms.core.api.views import ApiView
from oms.core.errors import Forbidden, Invalid
from oms.core.tokens import Token
from oms.flows import importing
from oms.imports import exports, intake, queries
from oms.imports.models import ImportFinding, ImportJob
from oms.imports.rules import Choices, ImportNotFound, JobState, Kind
from oms.imports.work import wake

# A file reaches no further than the doors of its room.
ROOMS = {
    Kind.STOCK: "stock",
    Kind.SKUS: "skus",
    Kind.BARCODES: "skus",
    Kind.PRICES: "skus",
    Kind.BINS: "locations",
    Kind.LOCATIONS: "locations",
    Kind.RATES: "routing",
    Kind.ZONES: "routing",
    Kind.ORDERS: "orders",
}
SCOPES = {"GET": "imports:read", "POST": "imports:write"}
UPLOAD = {
    "type": "object",
    "required": ["kind", "file"],
    "properties": {
        "kind": {"type": "string", "enum": [kind.value for kind in Kind]},
        "file": {"type": "string", "format": "binary", "description": "CSV or XLSX."},
        "dry_run": {"type": "boolean", "default": True, "description": "true stops at the difference."},
        "mapping": {"type": "string", "description": "JSON: our column → the file's header."},
        "options": {
            "type": "string",
            "description": "JSON: date_order, decimal_mark, locations, create_skus; of orders channel, take_finished.",
        },
    },
}
NEGATIVE = frozenset({"false", "0", "no", "off"})
POSITIVE = frozenset({"", "true", "1", "yes", "on"})


class ImportReceipt(msgspec.Struct):
    """Where to watch an import."""

    id: str
    status: str
    url: str


class ImportProblem(msgspec.Struct):
    """Why one cell of one row was refused."""

    row: int
    column: str
    value: str
    reason: str


class ImportErrors(msgspec.Struct):
    """The first page of what was refused."""

    results: list[ImportProblem]
    next: str | None
    previous: str | None


class ImportAnswer(msgspec.Struct):
    """How far an import is; ``progress`` is a percentage."""

    id: str
    number: str
    kind: str
    status: str
    url: str
    file_name: str
    rows: int
    created: int
    changed: int
    same: int
    refused: int
    progress: int
    undone: int
    not_undone: int
    failure: str
    columns: dict[str, str]
    errors: ImportErrors
    uploaded_at: datetime
    checked_at: datetime | None
    committed_at: datetime | None
    undone_at: datetime | None


class Imports(ApiView):
    """Files that came in."""

    scope = SCOPES
    parser_classes = (MultiPartParser,)

    @documented("List imports", answers={200: list_of(ImportAnswer)})
    def get(self, request: Request) -> Response:
        """A page of imports, newest first."""
        return page_of(
            _within(self.token),
            request,
            render=lambda job: _answer(job, request),
            ordering=("-uploaded_at", "-id"),
        )

    @extend_schema(request={"multipart/form-data": UPLOAD})
    @documented("Upload an import", answers={202: ImportReceipt})
    def post(self, request: Request) -> HttpResponse:
        """Take a file (multipart: kind, file, dry_run, and if need be mapping and options as JSON) and begin."""
        file = request.FILES.get("file")
        if file is None:
            raise Invalid("Send the file as the part “file”.", problems=(("#/file", "missing"),))
        kind = intake.kind_named(str(request.data.get("kind", "")))
        _check_reach(self.token, kind, "write")
        dry_run = _flag(str(request.data.get("dry_run", "")))
        choices = Choices.from_json(_part(request, "options"))
        looked = intake.looked_at(file, file.name or "file", kind, choices=choices)
        if mapping := _part(request, "mapping"):
            looked = intake.with_mapping(looked, mapping)
        then = JobState.CHECKING if dry_run else JobState.COMMITTING

        def render(job: object) -> tuple[int, object]:
            assert isinstance(job, ImportJob)  # the flow's own answer
            return 202, _receipt(job, request)

        claim = _claim(request, looked.new.sha256, kind.value, then.value)
        with idempotency.claimed(claim, render=render) as answer:
            job = importing.upload(
                looked, file, reach=self.token.locations, then=then, actor=self.actor, at=timezone.now()
            )
            wake(job.pk)
        return answered(answer)


class OneImport(ApiView):
    """One import."""

    scope = "imports:read"

    @documented("Read an import", answers={200: ImportAnswer})
    def get(self, request: Request, job_id: UUID) -> Response:
        """How far it is, what it does, and the first of what was refused."""
        return Response(_answer(_one(self.token, job_id), request))


class ImportErrorsView(ApiView):
    """What an import refused."""

    scope = "imports:read"

    @documented("List import errors", answers={200: list_of(ImportProblem)})
    def get(self, request: Request, job_id: UUID) -> Response:
        """A page of refusals, in the order of the file."""
        job = _one(self.token, job_id)
        rows = queries.findings(job, of_undo=job.state == JobState.UNDONE)
        return page_of(rows, request, render=_error, ordering=("row", "id"))


class CommitImport(ApiView):
    """The good rows of a checked file."""

    scope = "imports:write"

    @documented("Commit an import", answers={202: ImportReceipt})
    def post(self, request: Request, job_id: UUID) -> Response:
        """Begin to write them."""
        job = _one(self.token, job_id)
        _check_reach(self.token, Kind(job.kind), "write")
        job = importing.commit(job.pk, reach=self.token.locations, actor=self.actor, at=timezone.now())
        wake(job.pk)
        return Response(_receipt(job, request), status=202)


class UndoImport(ApiView):
    """What a file changed."""

    scope = "imports:write"

    @documented("Undo an import", answers={202: ImportReceipt})
    def post(self, request: Request, job_id: UUID) -> Response:
        """Begin to take it back."""
        job = _one(self.token, job_id)
        _check_reach(self.token, Kind(job.kind), "write")
        job = importing.undo(job.pk, actor=self.actor, at=timezone.now())
        wake(job.pk)
        return Response(_receipt(job, request), status=202)


class Exports(ApiView):
    """Everything of one kind, in the columns in which it comes in."""

    scope = "imports:read"

    @documented("Export rows", answers={200: None}, query={"kind": f"one of {', '.join(Kind)}"})
    def get(self, request: Request) -> StreamingHttpResponse:
        """A CSV file, written while it is read."""
        kind = intake.kind_named(request.query_params.get("kind", ""))
        _check_reach(self.token, kind, "read")
        rows = exports.rows_of(kind, reach=self.token.locations, costs=True, at=timezone.now())
        response = StreamingHttpResponse(exports.as_csv(rows), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{kind.value}.csv"'
        return response


def _check_reach(token: Token, kind: Kind, verb: str) -> None:
    scope = f"{ROOMS[kind]}:{verb}"
    if not token.allows(scope):
        raise Forbidden(f"This token has no scope {scope}, which a file of {kind.value} asks for.")


def _within(token: Token) -> "QuerySet[ImportJob]":
    rows = queries.jobs()
    if not (token.allows("orders:read") or token.allows("orders:write")):
        # Files of orders name people.
        rows = rows.exclude(kind=Kind.ORDERS.value)
    # A file may tell of every location: who is bound to some sees their own files only.
    if token.locations is None:
        return rows
    return rows.filter(actor_kind="token", actor_id=str(token.id))


def _one(token: Token, job_id: UUID) -> ImportJob:
    found = _within(token).filter(pk=job_id).first()
    if found is None:
        raise ImportNotFound()
    return found


def _flag(said: str) -> bool:
    if said.lower() not in NEGATIVE | POSITIVE:
        raise Invalid("dry_run is true or false.", problems=(("#/dry_run", "not true or false"),))
    return said.lower() not in NEGATIVE


def _part(request: Request, name: str) -> dict[str, Any]:
    written = request.data.get(name)
    if not written:
        return {}
    try:
        return msgspec.json.decode(str(written), type=dict[str, Any])
    except msgspec.DecodeError:
        raise Invalid(f"{name} is a JSON object.", problems=((f"#/{name}", "not an object"),)) from None


def _claim(request: Request, *parts: str) -> idempotency.Claim | None:
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return None
    said = [str(request.data.get(name, "")) for name in ("mapping", "options")]
    digest = idempotency.fingerprint(request.method or "", request.path, *parts, *said)
    return idempotency.Claim(f"token:{request.auth.id}", idempotency.cleaned_key(header), digest)


def _url(job: ImportJob, request: Request) -> str:
    return request.build_absolute_uri(f"/api/v1/imports/{job.pk}")


def _receipt(job: ImportJob, request: Request) -> ImportReceipt:
    return ImportReceipt(str(job.pk), job.state, _url(job, request))


def _error(finding: ImportFinding) -> ImportProblem:
    return ImportProblem(finding.row, finding.column, finding.value, finding.reason)


def _errors(job: ImportJob, request: Request) -> ImportErrors:
    url, few = f"{_url(job, request)}/errors", 50
    found = list(queries.findings(job, of_undo=job.state == JobState.UNDONE)[: few + 1])
    return ImportErrors([_error(each) for each in found[:few]], url if len(found) > few else None, None)


def _answer(job: ImportJob, request: Request) -> ImportAnswer:
    mapping = {name: at for name, at in job.mapping.items() if isinstance(at, int)}
    return ImportAnswer(
        str(job.pk),
        job.number,
        job.kind,
        job.state,
        _url(job, request),
        job.file_name,
        job.rows,
        job.created,
        job.changed,
        job.same,
        job.refused,
        job.progress,
        job.undone,
        job.not_undone,
        job.failure,
        {name: job.headers[at] for name, at in mapping.items()},
        _errors(job, request),
        job.uploaded_at,
        job.checked_at,
        job.committed_at,
        job.undone_at,
    )
