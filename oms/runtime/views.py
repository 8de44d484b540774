"""The doors of the machine room: life, readiness, figures."""

import hmac
import ipaddress
import os
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from prometheus_client import CONTENT_TYPE_LATEST

from oms.runtime import health, metrics


@method_decorator(never_cache, name="dispatch")
class Healthz(View):
    """This process answers; nothing else is asked."""

    public = True

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok\n", content_type="text/plain")


@method_decorator(never_cache, name="dispatch")
class Readyz(View):
    """200 when requests can be served, 503 when not; the body says what is missing."""

    public = True

    def get(self, request: HttpRequest) -> JsonResponse:
        ready, body = health.readiness(at=timezone.now())
        metrics.PROBES.labels(str(ready).lower()).inc()
        return JsonResponse(body, status=200 if ready else 503)


@method_decorator(never_cache, name="dispatch")
class Metrics(View):
    """Figures for Prometheus: with OMS_METRICS_TOKEN for its bearer, without it for this machine alone."""

    public = True

    def get(self, request: HttpRequest) -> HttpResponse:
        if not self._allowed(request):
            raise PermissionDenied("The metrics need the bearer token of OMS_METRICS_TOKEN.")
        return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)

    def _allowed(self, request: HttpRequest) -> bool:
        token = os.environ.get("OMS_METRICS_TOKEN", "")
        if token:
            return hmac.compare_digest(request.headers.get("Authorization", ""), f"Bearer {token}")
        # Behind a proxy every caller looks local.
        return not settings.AXES_IPWARE_PROXY_COUNT and _is_loopback(request.META)


def _is_loopback(meta: dict[str, Any]) -> bool:
    try:
        return ipaddress.ip_address(meta.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
