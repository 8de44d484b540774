"""The rules builder: a draft is changed without code, kept at each change, and read back as sentences."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from oms.core.errors import Refusal
from oms.core.views.frame import Record, stays
from oms.flows import ruling
from oms.routing import builder, checking, comparing, queries, rule_queries, sketch_forms, sketches
from oms.routing.builder import Around
from oms.routing.models import RuleSetVersion
from oms.routing.rules import RULE_SET_EDITABLE, DraftMoved, RuleInvalid
from oms.routing.services.rule_sets import Opened
from oms.routing.sketches import Sketch

_TAKE_THEIRS, _KEEP_MINE = "take-theirs", "keep-mine"


class Builder(Record):
    """A draft as a form; every change is kept at once, and the page says so."""

    permission = "routing.change"
    under = "Routing rules"
    template_name = "routing/builder.html"
    list_url_name = "routing:list"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The draft as it was typed last; what is published is not edited here."""
        version = queries.version(kwargs["pk"])
        if version.status not in RULE_SET_EDITABLE:
            return HttpResponseRedirect(reverse("routing:version", args=[version.pk]))
        sketch = queries.sketch_of(version, queries.shop_currency())
        return self.render_to_response(self._context(version, sketch, tab=str(uuid4())))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Keep what was typed; a button that changes the form has it drawn anew, else only what it says."""
        form = request.POST
        button, tab = form.get("press", ""), form.get("tab", "")[:36]
        sketch = sketch_forms.read(form)
        sketch_forms.press(sketch, button)
        edits = form.get("edits", "")
        opened = Opened(int(edits) if edits.isdecimal() else 0, tab, over=button == _KEEP_MINE)
        if button == _TAKE_THEIRS:
            version = queries.version(kwargs["pk"])
            sketch = queries.sketch_of(version, queries.shop_currency())
            return self._answer(request, button, self._context(version, sketch, tab=tab))
        told: dict[str, Any] = {"saved": True}
        try:
            version = ruling.keep_typed(kwargs["pk"], sketch, opened, **self.doing.as_arguments)
            version = queries.version(version.pk)
        except DraftMoved as moved:
            version = queries.version(kwargs["pk"])
            told = {"moved": str(moved), "theirs": self._difference(version, sketch)}
        except Refusal as refusal:
            stays(request, refusal)
            return self._elsewhere(reverse("routing:version", kwargs=kwargs))
        context = self._context(version, sketch, tab=tab) | told
        if "moved" in told:
            context["edits"] = opened.edits
        return self._answer(request, button, context)

    def _answer(self, request: HttpRequest, button: str, context: dict[str, Any]) -> HttpResponse:
        if not request.htmx:
            return self.render_to_response(context)
        return render(request, "routing/_builder.html" if button else "routing/_builder_news.html", context)

    def _elsewhere(self, url: str) -> HttpResponse:
        if self.request.htmx:
            return HttpResponse(headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)

    def _difference(self, version: RuleSetVersion, mine: Sketch) -> list[comparing.Change]:
        """What theirs says otherwise than mine; nothing when one of them cannot be read."""
        currency = queries.shop_currency()
        own = sketches.book_of(mine, currency).book
        try:
            theirs = queries.book_of(version)
        except RuleInvalid:
            return []
        if own is None or version.sketch is not None:
            return []
        return comparing.changes(own, theirs, currency=currency, names=queries.site_names())

    def _context(self, version: RuleSetVersion, sketch: Sketch, *, tab: str) -> dict[str, Any]:
        currency = queries.shop_currency()
        written = sketches.book_of(sketch, currency)
        found: tuple[checking.Finding, ...] = ()
        if written.book is not None:
            book = replace(written.book, name=version.rule_set.name)
            found = checking.findings(book, rule_queries.known_to(version.rule_set, book))
        around = Around(queries.site_names(), currency, rule_queries.choices(), found)
        return self.get_context_data() | {
            "title": f"Draft {version}",
            "version": version,
            "build": builder.shown(sketch, written, around),
            "edits": version.edits,
            "tab": tab,
            "live": queries.published_version(version.rule_set_id),
        }
