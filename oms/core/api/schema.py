"""The OpenAPI document: bodies are described by the very types that check them."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from oms.core.api.problems import MEDIA_TYPE, known_problems

V = TypeVar("V", bound=Callable[..., Any])
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem document.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "instance": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_REFUSALS = ("400", "401", "403", "404", "409", "415", "422", "429", "503")
_REF = "#/components/schemas/{name}"
_described: dict[str, type] = {}
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


class BearerScheme(OpenApiAuthenticationExtension):
    """How the tokens appear in the document."""

    target_class = "oms.core.api.access.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "oms_<prefix>_<secret>"}


def documented(
    summary: str,
    *,
    body: type | None = None,
    answers: dict[int, Any] | None = None,
    query: dict[str, str] | None = None,
    keyed: bool = False,
) -> Callable[[V], V]:
    """Describe one method of a view; types are ``msgspec`` structs, ``list_of(T)`` or None for no body.

    ``query`` maps a parameter to its description; ``keyed`` adds the Idempotency-Key header.
    """
    parameters = [
        OpenApiParameter(name, str, OpenApiParameter.QUERY, description=text)
        for name, text in (query or {}).items()
    ]
    if keyed:
        text = "A new one for each new intent; kept for 7 days."
        parameters.append(
            OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER, required=True, description=text)
        )
    return extend_schema(
        operation_id=_NOT_A_WORD.sub("_", summary.lower()).strip("_"),
        summary=summary,
        request=None if body is None else {"application/json": _reference(body)},
        responses={
            code: OpenApiResponse(response=None if kind is None else _reference(kind), description=summary)
            for code, kind in (answers or {200: None}).items()
        },
        parameters=parameters,
    )


def list_of(kind: type) -> dict[str, Any]:
    """The schema of a page of these."""
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "required": ["results", "next", "previous"],
        "properties": {
            "results": {"type": "array", "items": _reference(kind)},
            "next": link,
            "previous": link,
        },
    }


class HouseSchema(SchemaGenerator):
    """drf-spectacular's document with our types and problem documents in it."""

    def get_schema(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The whole document."""
        document = super().get_schema(*args, **kwargs)
        components = document.setdefault("components", {}).setdefault("schemas", {})
        _, found = msgspec.json.schema_components(tuple(_described.values()), ref_template=_REF)
        components.update(found)
        components["Problem"] = _PROBLEM | {
            "properties": _PROBLEM["properties"]
            | {"code": {"type": "string", "enum": sorted(known_problems())}}
        }
        for operations in document.get("paths", {}).values():
            for operation in operations.values():
                for code in _REFUSALS:
                    operation["responses"].setdefault(code, _refused())
        return document


def _refused() -> dict[str, Any]:
    return {
        "description": "Refused.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}},
    }


def _reference(kind: Any) -> dict[str, Any]:
    if isinstance(kind, dict):
        return kind
    _described[kind.__name__] = kind
    return {"$ref": _REF.format(name=kind.__name__)}
