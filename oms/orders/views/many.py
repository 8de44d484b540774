"""One deed on many orders from the list: asked here, done in the background, each order with its result."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from fulfilment import queries as work_queries
from oms.core.errors import Refusal
from oms.core.views.frame import Button, Page, own_path, stays
from oms.flows import order_jobs
from oms.orders import job_queries, queries, work
from oms.orders.models import OrderJob
from oms.orders.rules import DeedState, JobDeed
from oms.orders.services.order_jobs import Wanted

SHOWN = 500
DOING = {
    JobDeed.HOLD: ("Holding", "held"),
    JobDeed.RELEASE: ("Releasing", "released"),
    JobDeed.CANCEL: ("Cancelling", "cancelled"),
    JobDeed.ASSIGN: ("Handing over", "handed over"),
}


class _Many(Button):
    """Make a job of the ticked orders, wake a worker, and show how far it is."""

    deed: ClassVar[JobDeed]
    # One form holds the ticks of all buttons; each reads its own reason.
    code_field: ClassVar[str] = "code"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("orders:list")

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        wanted = Wanted(
            self.deed,
            self.within_reach(request.POST.getlist("row")),
            reason_code=request.POST.get(self.code_field, ""),
            note=request.POST.get("reason", "").strip(),
            owner=request.POST.get("owner", ""),
        )
        try:
            job = order_jobs.ask(wanted, user=request.user, at=self.doing.at)
        except Refusal as refusal:
            stays(request, refusal)
            back = own_path(request, request.POST.get("next"), otherwise=self.fallback())
            return HttpResponseRedirect(back)
        work.wake(job.pk)
        return HttpResponseRedirect(reverse("orders:job", args=[job.pk]))

    def within_reach(self, numbers: list[str]) -> list[str]:
        """Leave out orders that are served where this person has no right."""
        codes = self.request.user.locations_for(str(self.permission))
        if codes is None:
            return numbers
        seen = queries.orders().filter(number__in=numbers, pk__in=work_queries.order_ids_at(codes))
        return list(seen.order_by("pk").values_list("number", flat=True))


class HoldMany(_Many):
    """Hold the ticked orders for one reason."""

    permission = "orders.hold"
    deed = JobDeed.HOLD


class ReleaseMany(_Many):
    """Let the ticked orders go on."""

    permission = "orders.hold"
    deed = JobDeed.RELEASE


class AssignMany(_Many):
    """Hand the holds of the ticked orders to one person."""

    permission = "orders.hold"
    deed = JobDeed.ASSIGN


class CancelMany(_Many):
    """Cancel the ticked orders for one reason."""

    permission = "orders.cancel"
    deed = JobDeed.CANCEL
    code_field = "cancel_code"


class JobPage(Page):
    """How far a job on many orders is, and what became of each."""

    permission = "orders.view"
    under = "Orders"
    template_name = "orders/job_detail.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        context = self.get_context_data(**kwargs)
        if request.GET.get("part") == "progress" and not context["job"].finished_at:
            return render(request, "orders/_job_progress.html", context)
        if request.GET.get("part") == "progress":
            # The whole page is drawn anew once everything is done.
            return HttpResponse(headers={"HX-Refresh": "true"})
        return self.render_to_response(context)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self.job()
        tally = job_queries.tally(job.pk)
        settled = tally[DeedState.DONE] + tally[DeedState.REFUSED]
        doing, done = DOING[JobDeed(job.deed)]
        rows: QuerySet[Any] = job_queries.items(job.pk)
        return super().get_context_data(**kwargs) | {
            "title": f"{doing} {tally.total()} orders" if tally.total() > 1 else f"{doing} 1 order",
            "job": job,
            "done_word": done,
            "orders": tally.total(),
            "settled": settled,
            "done": tally[DeedState.DONE],
            "refused": tally[DeedState.REFUSED],
            "rows": rows.order_by("-state", "position")[:SHOWN],
            "back": reverse("orders:list"),
        }

    def job(self) -> OrderJob:
        """The job in the address; of others' jobs only those who may hold orders know."""
        try:
            found = job_queries.job(self.kwargs["pk"])
        except job_queries.OrderJobNotFound as error:
            raise Http404(str(error)) from error
        user = self.request.user
        if found.asked_by_id != user.pk and not user.may("orders.hold"):
            raise Http404("There is no such job.")
        return found
