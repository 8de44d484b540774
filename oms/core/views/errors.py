"""Pages for what went wrong: each says what to do next, and the id under which the log has it."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def _wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "") or request.path.startswith("/api/")


def _problem(request: HttpRequest, status: int, title: str, detail: str) -> JsonResponse:
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "request_id": getattr(request, "request_id", ""),
    }
    return JsonResponse(body, status=status, content_type="application/problem+json")


def _answer(request: HttpRequest, status: int, template: str, **context: Any) -> HttpResponse:
    if _wants_json(request):
        return _problem(request, status, context["title"], context["say"])
    return render(request, template, context | {"status": status}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that could not be read."""
    return _answer(
        request,
        400,
        "400.html",
        title="This request could not be read",
        say="Go back, reload, try once more.",
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer somebody who may not see this."""
    say = str(exception or "") or "Your roles do not allow this."
    return _answer(request, 403, "403.html", title="This page is closed to you", say=say)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer with a search instead of nothing."""
    return _answer(
        request,
        404,
        "404.html",
        title="There is nothing here",
        say="The address may be old or misspelt.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer our own mistake; the page needs neither database nor session."""
    title = "Something broke on our side"
    say = "Nothing half-done was kept. Try once more; if it breaks again, tell us the id."
    if _wants_json(request):
        return _problem(request, 500, title, say)
    context = {"title": title, "say": say, "request_id": getattr(request, "request_id", "")}
    return HttpResponse(render_to_string("500.html", context), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is too old: usually somebody signed in again in another tab."""
    return _answer(
        request,
        403,
        "403_csrf.html",
        title="This form is too old",
        say="You signed in again since it was opened. Go back, reload, send it once more.",
    )
