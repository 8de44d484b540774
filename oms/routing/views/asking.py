"""Pages that ask and change nothing: a draft tried on an order, and why something is not available."""

from typing import Any

from oms.core.errors import Refusal
from oms.core.views.frame import Page, Record
from oms.flows import availability, trying
from oms.routing import queries, reading
from oms.routing.forms_asking import TryForm, WhyForm


class TryRules(Record):
    """What a version would do with an order, beside what the live rules would."""

    permission = "routing.view"
    under = "Routing rules"
    template_name = "routing/try.html"
    list_url_name = "routing:list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The form, and once it was sent both plans."""
        version = queries.version(self.kwargs["pk"])
        asked = bool({"order", "lines"} & set(self.request.GET))
        form = TryForm(self.request.GET if asked else None)
        context = super().get_context_data(**kwargs) | {
            "title": f"Try {version}",
            "version": version,
            "form": form,
        }
        if asked and form.is_valid():
            context |= self._tried(version.pk, form)
        return context

    def _tried(self, version_id: int, form: TryForm) -> dict[str, Any]:
        number, at = form.cleaned_data["order"].strip(), self.doing.at
        try:
            if number:
                tried = trying.on_order(version_id, number, at=at)
            else:
                tried = trying.on_wish(version_id, form.to_wish(), at=at)
        except Refusal as refusal:
            form.add_error("order" if number else "lines", str(refusal))
            return {}
        return {
            "differs": tried.differs,
            "plans": [
                ("draft", reading.plan(tried.draft)),
                ("live", reading.plan(tried.live)),
            ],
        }


class WhyNot(Page):
    """Why a SKU can or cannot be sold by a channel to a place."""

    permission = "stock.view"
    title = "Why not available?"
    under = "Stock look-up"
    template_name = "routing/why_not.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The form, and once a SKU is named the answer."""
        asked = "channel" in self.request.GET
        form = WhyForm(self.request.GET) if asked else WhyForm(initial=self.request.GET.dict())
        context = super().get_context_data(**kwargs) | {"form": form}
        if asked and form.is_valid():
            try:
                context["answer"] = availability.why(form.to_question(), at=self.doing.at)
            except Refusal as refusal:
                form.add_error("sku", str(refusal))
        return context
