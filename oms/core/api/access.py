"""Who calls, and whether the call is within what they were given. Closed unless a view says otherwise."""

from typing import Any

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from oms.core import tokens
from oms.core.tokens import Token

_READS = {"HEAD": "GET", "OPTIONS": "GET"}


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer oms_…``, found in one query; cookies are not looked at."""

    def authenticate(self, request: Request) -> tuple[Token, Token] | None:
        """The token as user and as credential; None without a header."""
        kind, _, text = get_authorization_header(request).decode("latin-1").partition(" ")
        if not kind:
            return None
        token = tokens.recognise(text.strip(), at=timezone.now()) if kind.lower() == "bearer" else None
        if token is None:
            raise exceptions.AuthenticationFailed("This token is unknown, expired or revoked.")
        return token, token

    def authenticate_header(self, request: Request) -> str:
        """What a caller without a token is asked for."""
        return 'Bearer realm="api"'


class HasScope(BasePermission):
    """The token holds the scope that the view names; a view that names none is closed to all.

    A view says ``scope = "orders:read"``, or one for each method: ``{"GET": …, "POST": …}``.
    """

    message = "This token does not have the scope for this."

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the call may go on."""
        wanted = wanted_scope(view, request.method or "")
        return bool(wanted) and isinstance(request.auth, Token) and request.auth.allows(wanted)


def wanted_scope(view: Any, method: str) -> str:
    """The scope a view asks for this method; empty when it names none."""
    scope = getattr(view, "scope", "")
    if isinstance(scope, str):
        return scope
    method = method.upper()
    return str(scope.get(method) or scope.get(_READS.get(method, ""), ""))
