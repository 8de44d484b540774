"""Pages of the rules: read as sentences, tested, asked for, published by a second person."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from oms.core import frame, status
from oms.core.status import DONE, LOOK, WAIT, WORK, Look
from oms.core.views.frame import Action, Page, Record
from oms.flows import ruling
from oms.routing import queries, reading, rule_queries
from oms.routing.models import RuleSet, RuleSetVersion
from oms.routing.rules import RULE_SET_EDITABLE, RuleSetStatus

status.fill(
    "rule_version",
    {
        "draft": Look(LOOK, "Draft", "note"),
        "tested": Look(WORK, "Tested", "flask"),
        "published": Look(DONE, "Live"),
        "retired": Look(WAIT, "Retired", "history"),
    },
)
frame.hang(
    frame.Entry("Routing rules", "route", "routing:list", "routing.view", "Set up", "r", position=60),
)


class RuleSets(Page):
    """Every rule set: what is live, what is drafted, what was."""

    permission = "routing.view"
    title = "Routing rules"
    under = "Routing rules"
    template_name = "routing/rule_sets.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The sets with their versions."""
        names, currency = queries.site_names(), queries.shop_currency()
        sets = [_rule_set(each, names, currency) for each in queries.rule_sets()]
        return super().get_context_data(**kwargs) | {"sets": sets}


class VersionPage(Record):
    """One wording, and the ways on that it has."""

    permission = "routing.view"
    under = "Routing rules"
    template_name = "routing/version.html"
    list_url_name = "routing:list"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The version, read out, with whoever may do what."""
        version = queries.version(self.kwargs["pk"])
        user, wrote = self.request.user, {version.created_by_id, version.requested_by_id}
        request = queries.publishing_request(version.pk)
        history = list(rule_queries.history(version.rule_set_id))
        other = self._other(version, history)
        names, currency = queries.site_names(), queries.shop_currency()
        return super().get_context_data(**kwargs) | {
            "title": str(version),
            "version": version,
            "read": reading.with_findings(version, names, currency),
            "open": version.status in RULE_SET_EDITABLE,
            "live": queries.published_version(version.rule_set_id),
            "history": history,
            "other": other,
            "changes": reading.difference(other, version, names, currency) if other else [],
            "asked": request,
            "may_change": user.may("routing.change"),
            "may_publish": user.may("routing.publish") and user.pk not in wrote,
        }

    def _other(self, version: RuleSetVersion, history: list[RuleSetVersion]) -> RuleSetVersion | None:
        """What it is compared with: the one that was asked for, else what is live, else the one before."""
        asked = self.request.GET.get("compare", "")
        chosen = next((each for each in history if str(each.pk) == asked and each.pk != version.pk), None)
        if chosen is not None:
            return chosen
        live = next((each for each in history if each.status == RuleSetStatus.PUBLISHED.value), None)
        if live is not None and live.pk != version.pk:
            return live
        return next((each for each in history if each.number < version.number), None)


class _OnVersion(Action):
    permission = "routing.change"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("routing:version", kwargs=kwargs)


class Test(_OnVersion):
    """Read every rule of a draft as the planner will."""

    __test__ = False

    def carry_out(self, **kwargs: Any) -> None:
        ruling.test(kwargs["pk"], **self.doing.as_arguments)


class Ask(_OnVersion):
    """Ask a second person to make a draft live."""

    def carry_out(self, **kwargs: Any) -> None:
        ruling.ask_to_publish(kwargs["pk"], **self.doing.as_arguments)


class Publish(_OnVersion):
    """Give the second person's word."""

    permission = "routing.publish"

    def carry_out(self, **kwargs: Any) -> None:
        ruling.publish(kwargs["pk"], **self.doing.as_arguments)


class StartDraft(_OnVersion):
    """Start a draft with the wording of this version, be it live or long retired."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Go on to the draft, where it is edited."""
        self.draft = 0
        answer = super().post(request, **kwargs)
        return redirect("routing:edit", self.draft) if self.draft else answer

    def carry_out(self, **kwargs: Any) -> None:
        self.draft = ruling.draft_from(kwargs["pk"], **self.doing.as_arguments)


class Discard(_OnVersion):
    """Put a draft away."""

    def carry_out(self, **kwargs: Any) -> None:
        ruling.discard(kwargs["pk"], **self.doing.as_arguments)


def _rule_set(rule_set: RuleSet, names: dict[str, str], currency: str) -> dict[str, Any]:
    versions = list(rule_set.versions.all())
    live = next((each for each in versions if each.status == RuleSetStatus.PUBLISHED.value), None)
    return {
        "rule_set": rule_set,
        "live": live,
        "read": reading.read_out(live, names, currency) if live else None,
        "others": [each for each in versions if each is not live],
    }
