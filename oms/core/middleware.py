"""What happens to every request before a room sees it: it gets an id, and it meets a closed door."""

import re
from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import resolve, reverse

from oms.core.logs import REQUEST_ID

HEADER = "X-Request-Id"
# Asked every few seconds by machines; they are counted, and worth a line only when they fail.
PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
CHANGE_PASSWORD = "core:change_password"
ENROL = "core:enrol"
# Reachable with a first password that must still be changed.
WITH_FIRST_PASSWORD = frozenset({CHANGE_PASSWORD})
# Reachable while a required second factor is still missing.
WITHOUT_SECOND_FACTOR = frozenset({CHANGE_PASSWORD, ENROL, "core:recovery_codes"})

log = structlog.get_logger("oms.request")
Answer = Callable[[HttpRequest], HttpResponseBase]
Observer = Callable[[str, str, int, float], None]


class RequestLog:
    """Gives each request an id, in and out, and writes one line when it is answered."""

    # Filled by whoever counts requests; called with method, route, status and seconds.
    observers: list[Observer] = []

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = perf_counter()
        given = request.headers.get(HEADER, "")
        request_id = given if ACCEPTED_ID.fullmatch(given) else uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**{REQUEST_ID: request_id})
        request.request_id = request_id  # type: ignore[attr-defined]  # ours to add, for doors and templates
        response = self.get_response(request)
        response.headers[HEADER] = request_id
        self._tell(request, response.status_code, perf_counter() - started)
        return response

    def _tell(self, request: HttpRequest, status: int, seconds: float) -> None:
        match = request.resolver_match
        route = f"/{match.route}" if match else ""
        for observe in self.observers:
            observe(request.method or "", route, status, seconds)
        write = log.debug if request.path in PROBES else log.info
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            write = log.error
        # The path without its query: a search may hold a customer's name.
        write(
            "request",
            method=request.method,
            path=request.path,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
        )


class Programs:
    """Answers programs at once: what only people have (cookies, sessions, messages) is not looked at for them."""

    ADDRESSES = "/api/"

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(self.ADDRESSES):
            return self.get_response(request)
        match = resolve(request.path_info)
        if Declared(match.func).scope is None:
            # A page about the API, which a person looks at.
            return self.get_response(request)
        request.resolver_match = match
        response = match.func(request, *match.args, **match.kwargs)
        return response.render() if callable(getattr(response, "render", None)) else response


class ClosedByDefault:
    """Refuses a view that declares neither who may see it nor that everybody may.

    A view declares ``permission = "orders.view"``, ``public = True`` or, for an API view, ``scope``.
    ``permission = ""`` means: whoever is signed in.
    """

    # Django's admin asks for each right itself; signing in to it goes through our own door.
    SELF_GUARDED = "admin"

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Answer instead of the view when the person may not see it."""
        declared = Declared(view)
        if declared.public or declared.scope is not None:
            return None
        match = request.resolver_match
        assert match is not None
        if not request.user.is_authenticated or match.view_name == "admin:login":
            return redirect_to_login(request.get_full_path(), login_url=reverse(settings.LOGIN_URL))
        if owed := self._owed_first(request.user, match.view_name):
            return redirect(owed)
        if self.SELF_GUARDED not in match.namespaces:
            declared.check(request.user)
        return None

    def _owed_first(self, user: Any, view_name: str) -> str:
        """The page on which the person must do something before any other page opens."""
        if user.must_change_password:
            return "" if view_name in WITH_FIRST_PASSWORD else CHANGE_PASSWORD
        if settings.TWO_FACTOR != "required" or user.is_verified() or not user.needs_second_factor:
            return ""
        return "" if view_name in WITHOUT_SECOND_FACTOR else ENROL


class Declared:
    """What a view, function or class, says about who may see it."""

    def __init__(self, view: Callable[..., Any]) -> None:
        holder = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
        self.public: bool = getattr(holder, "public", False)
        # None, or nothing at all: not said. Empty: whoever is signed in.
        self.permission: str | None = getattr(holder, "permission", None)
        self.scope: object = getattr(holder, "scope", None)

    def check(self, user: Any) -> None:
        """Raises ``PermissionDenied``."""
        if self.permission is None:
            raise PermissionDenied("This page says nowhere who may see it.")
        if self.permission and not user.may(self.permission):
            raise PermissionDenied(f"Your roles do not allow this ({self.permission}).")
