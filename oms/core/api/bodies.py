"""Bodies in and out: JSON checked against a type, answers encoded once, keys against doubles."""

from functools import cache
from typing import Any, TypeVar

import msgspec
from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from oms.core import idempotency
from oms.core.errors import Invalid
from oms.core.idempotency import Answer, Claim
from oms.core.shapes import pointed
from oms.core.tokens import Token

T = TypeVar("T")
JSON = "application/json"


class MalformedBody(Invalid):
    """The body is not JSON."""

    code = "malformed-json"
    status = 400


class NotJson(Invalid):
    """Bodies are application/json."""

    code = "unsupported-media-type"
    status = 415


class JSONRenderer(BaseRenderer):
    """Answers as JSON; decimals are strings, instants are ISO 8601 in UTC."""

    media_type = JSON
    format = "json"
    charset = None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """The encoded answer; nothing at all for None."""
        return b"" if data is None else encode(data)


def encode(data: Any) -> bytes:
    """Anything a view answers, as JSON."""
    return msgspec.json.encode(data, enc_hook=_plain)


def read_body(request: Request, kind: type[T]) -> T:
    """The body as a value of this type (a ``msgspec.Struct``, mostly).

    Raises ``MalformedBody`` when it is not JSON, ``Invalid`` with pointers when it does not fit.
    """
    if request.content_type.partition(";")[0].strip().lower() != JSON:
        raise NotJson()
    raw = request._request.body
    try:
        raw.decode()
        value = _decoder(kind).decode(raw)
    except msgspec.ValidationError as error:
        raise Invalid(problems=(pointed(str(error)),)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedBody(f"The body is not JSON: {error}.") from None
    if b"\\u0000" in raw:
        raise Invalid("Text does not hold the character NUL.")
    return value


def read_part(raw: bytes | msgspec.Raw, kind: type[T]) -> T:
    """One part of a body, already known to be JSON, as a value of this type.

    Raises ``Invalid`` with pointers into the part.
    """
    try:
        return _decoder(kind).decode(raw)
    except msgspec.ValidationError as error:
        raise Invalid(problems=(pointed(str(error)),)) from None


def keyed(request: Request, *, required: bool = True) -> Claim | None:
    """The claim of this request's ``Idempotency-Key``; None without one where it is not required.

    Raises ``KeyMissing``.
    """
    header = request.headers.get("Idempotency-Key")
    if header is None and not required:
        return None
    key = idempotency.cleaned_key(header)
    holder = request.auth
    client = f"token:{holder.id}" if isinstance(holder, Token) else "anonymous"
    return Claim(
        client, key, idempotency.fingerprint(request.method or "", request.path, _canonical(request))
    )


def answered(answer: Answer) -> HttpResponse:
    """The answer of a claimed flow; a replayed one says so in a header."""
    response = HttpResponse(answer.body, status=answer.status, content_type=JSON)
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _canonical(request: Request) -> bytes:
    # The same request written with other spaces or another order of keys is the same request.
    raw = request._request.body
    try:
        return msgspec.json.encode(msgspec.json.decode(raw), order="deterministic")
    except (msgspec.DecodeError, RecursionError):
        return raw


@cache
def _decoder(kind: type[T]) -> "msgspec.json.Decoder[T]":
    return msgspec.json.Decoder(kind)


def _plain(value: Any) -> Any:
    if hasattr(value, "items"):
        return dict(value)
    if hasattr(value, "__iter__") and not isinstance(value, str):
        return list(value)
    return str(value)
