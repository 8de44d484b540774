"""A floor page that exists for the scanner's own tests, and what its server heard."""

import json
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import engines
from django.urls import include, path
from django.views.generic import View

PAGE = """{% extends "base_floor.html" %}

{% block scan_attributes %} data-scan-url="/scan" data-scan-task="wave-1"{% endblock %}

{% block floor %}
<div id="scan-view" class="scan-view"><p id="count">0 counted</p></div>
<label for="note">Note</label><input class="input" id="note" value="kept">
<label for="free">Free</label><input class="input" id="free" data-scan-ok>
<label for="why">Why</label>
<select class="select" id="why"><option>other</option><option>stranded</option><option>stolen</option></select>
<ul role="listbox" id="boxes" tabindex="0" aria-label="Boxes"><li role="option">Small</li></ul>
<button type="button" class="btn" data-command="short" id="short">Short</button>
<ol class="trail" data-trail aria-live="polite"></ol>
{% endblock floor %}
"""


class Heard:
    """What the server was told since the test began."""

    scans: ClassVar[list[dict[str, Any]]] = []
    broken: ClassVar[bool] = False

    @classmethod
    def codes(cls) -> list[str]:
        return [scan["code"] for scan in cls.scans if "code" in scan]


ANSWERS = {
    "WRONG": {
        "result": "wrong",
        "title": "Wrong item. Put the green mug back.",
        "detail": "Nothing was counted.",
        "got": {"sku": "4428", "name": "Green mug"},
        "want": {"sku": "4427", "name": "Blue mug"},
        "ack": "OK, scan 4427",
    },
    "PLACE": {"result": "look", "title": "Right item, wrong bin"},
}


class Floor(View):
    public = True

    def get(self, request: HttpRequest) -> HttpResponse:
        page = engines["django"].from_string(PAGE).render({"title": "Pick wave 1"}, request)
        return HttpResponse(page)


class Scan(View):
    public = True

    def post(self, request: HttpRequest, number: int = 0) -> HttpResponse:
        if Heard.broken:
            return HttpResponse(status=503)
        told = request.POST.dict() | {"key": request.headers["Idempotency-Key"]}
        seen = [scan for scan in Heard.scans if scan["key"] == told["key"]]
        if not seen:
            Heard.scans.append(told)
        code = told.get("code", "")
        fallback = {
            "result": "ok",
            "title": f"Counted {code}" if code else "Taken back",
            "undo_url": f"/undo/{len(Heard.scans)}" if code else None,
            "html": f"<p id='count'>{len(Heard.codes())} counted</p>",
        }
        return JsonResponse(ANSWERS.get(code, fallback))


class Told(View):
    public = True

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(json.dumps(Heard.scans), content_type="application/json")


urlpatterns = [
    path("floor", Floor.as_view()),
    path("scan", Scan.as_view()),
    path("undo/<int:number>", Scan.as_view()),
    path("told", Told.as_view()),
    path("", include("oms.core.urls")),
]
