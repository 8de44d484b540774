"""Every error as an RFC 9457 problem document, with a type, a request id and pointers into the body."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response

from oms.core.context import request_id
from oms.core.errors import Invalid, Refusal

MEDIA_TYPE = "application/problem+json"
log = structlog.get_logger("oms.api")

# Refusals of the framework itself: exception -> (code, title).
_KNOWN: dict[type[Exception], tuple[str, str]] = {
    exceptions.ParseError: ("malformed-json", "The body is not JSON"),
    exceptions.NotAuthenticated: ("unauthenticated", "A token is needed"),
    exceptions.AuthenticationFailed: ("unauthenticated", "A token is needed"),
    exceptions.PermissionDenied: ("forbidden", "The token does not allow this"),
    exceptions.NotFound: ("not-found", "There is no such thing here"),
    exceptions.MethodNotAllowed: ("method-not-allowed", "This method is not offered here"),
    exceptions.NotAcceptable: ("not-acceptable", "Answers are application/json"),
    exceptions.UnsupportedMediaType: ("unsupported-media-type", "Bodies are application/json"),
    exceptions.Throttled: ("quota-exceeded", "Too many requests"),
}
_OTHERS: tuple[tuple[tuple[type[Exception], ...], int, str, str], ...] = (
    ((Http404,), 404, "not-found", "There is no such thing here"),
    ((PermissionDenied,), 403, "forbidden", "You do not have the right to do this"),
    ((RequestDataTooBig,), 413, "body-too-large", "The body is too large"),
    ((SuspiciousOperation,), 400, "bad-request", "The request is not understood"),
    ((DataError,), 422, "invalid", "A value is out of range"),
    ((OperationalError, InterfaceError), 503, "unavailable", "The database does not answer; try again"),
)


def problem(
    code: str,
    status_code: int,
    title: str,
    *,
    detail: str = "",
    errors: Iterable[tuple[str, str]] = (),
    **more: Any,
) -> dict[str, Any]:
    """The members of a problem document."""
    document: dict[str, Any] = {
        "type": f"{settings.PUBLIC_URL}/api/v1/problems/{code}",
        "title": title,
        "status": status_code,
        "detail": detail or title,
        "code": code,
        "request_id": request_id(),
    }
    listed = [{"pointer": pointer, "detail": text} for pointer, text in errors]
    if listed:
        document["errors"] = listed
    return {**more, **document}


def problem_document(error: Exception, context: Mapping[str, Any]) -> Response:
    """Answer any exception of a view; what nobody expected is logged and says nothing of itself."""
    body, headers = _document(error)
    request = context.get("request")
    if request is not None:
        body["instance"] = request.path
    return Response(body, status=body["status"], headers=headers, content_type=MEDIA_TYPE)


def refusal_body(refusal: Refusal) -> dict[str, Any]:
    """The problem document of a refusal; bulk answers hold one for each refused part."""
    return problem(
        refusal.code,
        refusal.status,
        title_of(type(refusal)),
        detail=str(refusal),
        errors=refusal.problems if isinstance(refusal, Invalid) else (),
        **{key: value for key, value in refusal.details.items() if key not in _RESERVED},
    )


_RESERVED = frozenset({"type", "title", "status", "detail", "code", "instance", "request_id", "errors"})


def title_of(kind: type[Refusal]) -> str:
    """One title for each type of problem: the promise of its class."""
    return (kind.__doc__ or kind.code).strip().splitlines()[0].rstrip(".")


def known_problems() -> dict[str, tuple[int, str]]:
    """Every problem type this API answers: code -> (status, title)."""
    found = {code: (kind.status_code, title) for kind, (code, title) in _KNOWN.items()}
    found |= {code: (number, title) for _, number, code, title in _OTHERS if code not in found}
    found["internal-error"] = (500, "Something went wrong on our side")
    kinds: list[type[Refusal]] = [Refusal]
    while kinds:
        kind = kinds.pop()
        found.setdefault(kind.code, (kind.status, title_of(kind)))
        kinds += kind.__subclasses__()
    return found


def _document(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    if isinstance(error, Refusal):
        headers = {"Retry-After": "1"} if error.status == status.HTTP_503_SERVICE_UNAVAILABLE else {}
        return refusal_body(error), headers
    if isinstance(error, exceptions.ValidationError):
        errors = list(_pointers(error.detail))
        return problem("invalid", 422, "Something in the request is not right", errors=errors), {}
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    for kinds, number, code, title in _OTHERS:
        if isinstance(error, kinds):
            return problem(code, number, title), {}
    log.error("api error", exc_info=error)
    return problem("internal-error", 500, "Something went wrong on our side"), {}


def _of_framework(error: exceptions.APIException) -> tuple[dict[str, Any], dict[str, str]]:
    headers: dict[str, str] = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(error.auth_header)
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait) + 1)
    code, title = _KNOWN.get(type(error), (error.default_code.replace("_", "-"), str(error.default_detail)))
    return problem(code, error.status_code, title, detail=str(error.detail)), headers


def _pointers(detail: Any, pointer: str = "#") -> Iterator[tuple[str, str]]:
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            yield from _pointers(value, pointer if key == "non_field_errors" else f"{pointer}/{key}")
    elif isinstance(detail, list):
        for number, value in enumerate(detail):
            nested = isinstance(value, Mapping | list)
            yield from _pointers(value, f"{pointer}/{number}" if nested else pointer)
    else:
        yield pointer, str(detail)
