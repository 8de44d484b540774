"""How often a token may call: a fixed window of a minute, counted in each web process.

The count guards the house against a program that runs away, not against an attacker; it costs a
dictionary look-up. With several web processes a token gets the limit of each of them.
"""

from threading import Lock
from time import time

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from oms.core.tokens import Token

WINDOW_SECONDS = 60
_counts: dict[int, tuple[int, int]] = {}
_lock = Lock()


class RequestsPerMinute(BaseThrottle):
    """Refuses the calls of a token beyond its quota of this minute."""

    seconds_left = WINDOW_SECONDS

    def allow_request(self, request: Request, view: object) -> bool:
        """Count the call; False when the quota is used up."""
        if not isinstance(request.auth, Token):
            return True
        quota = int(settings.LIMITS["requests_per_minute"])
        now = int(time())
        window, self.seconds_left = now // WINDOW_SECONDS, WINDOW_SECONDS - now % WINDOW_SECONDS
        with _lock:
            counted_in, count = _counts.get(request.auth.id, (window, 0))
            count = count + 1 if counted_in == window else 1
            _counts[request.auth.id] = (window, count)
        request.rate = (quota, max(0, quota - count), self.seconds_left)
        return count <= quota

    def wait(self) -> float:
        """Seconds until the next window."""
        return float(self.seconds_left)


def headers(request: Request) -> dict[str, str]:
    """What the caller is told of its quota: the draft standard's fields, and the older ones."""
    rate = getattr(request, "rate", None)
    if rate is None:
        return {}
    quota, remaining, seconds = rate
    return {
        "RateLimit-Policy": f'"default";q={quota};w={WINDOW_SECONDS}',
        "RateLimit": f'"default";r={remaining};t={seconds}',
        "X-RateLimit-Limit": str(quota),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(seconds),
    }
