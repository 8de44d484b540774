"""The base of every REST view."""

from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from oms.core.actors import Actor
from oms.core.api import limits
from oms.core.api.limits import RequestsPerMinute
from oms.core.tokens import Token


class ApiView(APIView):
    """A view that names its ``scope``, counts calls and tells the caller its quota."""

    scope: str | dict[str, str] = ""
    throttle_classes = (RequestsPerMinute,)

    @property
    def token(self) -> Token:
        """The token that calls."""
        return self.request.auth

    @property
    def actor(self) -> Actor:
        """The token as the one to whom changes are ascribed."""
        return self.token.actor

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Add the quota to every answer."""
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in limits.headers(request).items():
            final.headers[name] = value
        final.headers["Cache-Control"] = "no-store"
        return final
