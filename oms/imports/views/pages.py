"""The staff pages of files: upload, columns, difference, commit, undo."""

from functools import cached_property
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from inventory import queries as stock_queries
from oms.core import frame
from oms.core.errors import Forbidden
from oms.core.status import DONE, LOOK, STOP, WAIT, WORK, Look, fill
from oms.core.views.frame import Action, Form, Record, one_effect
from oms.core.views.lists import Choice, Column, Filter, ListPage, Tab, days
from oms.flows import importing
from oms.imports import intake, queries
from oms.imports.forms import ColumnsForm, UploadForm
from oms.imports.headers import fingerprint
from oms.imports.models import ImportJob
from oms.imports.reach import KINDS, job_for, jobs_for, kinds_for, kinds_going_out, reach_of
from oms.imports.resources import RIGHTS, resource_for
from oms.imports.rules import Choices, JobState, Kind, Verdict
from oms.imports.work import wake
from oms.orders import queries as order_queries

fill(
    "import",
    {
        "uploaded": Look(LOOK, "Columns to confirm", "layout-columns"),
        "checking": Look(WORK, "Checking"),
        "checked": Look(LOOK, "Dry run, nothing saved", "flask"),
        "committing": Look(WORK, "Importing"),
        "committed": Look(DONE, "Imported"),
        "undoing": Look(WORK, "Undoing"),
        "undone": Look(WAIT, "Undone", "arrow-back-up"),
        "failed": Look(STOP, "Failed"),
    },
)
SHOWN = 50
MOST_ABSENT = 12
STEPS = ("Choose file", "Match columns", "See the difference", "Import")
STEP_OF = {"uploaded": 1, "checking": 2, "checked": 2}
TABS = ("created", "changed", "refused")


def _kind(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(kind=value)


def _state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(state=value)


class ImportList(ListPage):
    """Every file that came in, newest first."""

    permission = "stock.import"
    title = "Imports"
    under = "Imports"
    template_name = "imports/import_list.html"
    page_name = "imports.list"
    noun = "import,imports"
    order = ("-uploaded_at", "-id")
    search_help = "Number or file name"
    tabs = (
        Tab("All", {}),
        Tab("To confirm", {"state": "checked"}, tone="look"),
        Tab("Failed", {"state": "failed"}),
    )
    filters = (
        Filter(
            "kind", "What", _kind, lambda user: [Choice(kind.value, word) for kind, word in KINDS.items()]
        ),
        Filter(
            "state",
            "State",
            _state,
            lambda user: [Choice(each.value, each.name.lower()) for each in JobState],
        ),
        Filter("when", "Uploaded", days("uploaded_at"), kind="date"),
    )
    columns: ClassVar = (
        Column("Import"),
        Column("What"),
        Column("State"),
        Column("Rows", "num"),
        Column("New", "num"),
        Column("Changed", "num"),
        Column("Refused", "num"),
        Column("By"),
        Column("Uploaded"),
    )

    def rows(self) -> QuerySet[Any]:
        return jobs_for(self.request.user)

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        return rows.filter(number__iexact=text) | rows.filter(file_name__icontains=text)

    def decorate(self, rows: list[Any]) -> list[Any]:
        for row in rows:
            row.words = KINDS[Kind(row.kind)]
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        return super().get_context_data(**kwargs) | {"exports": kinds_going_out(user)}


class NewImport(Form):
    """Take a file in and guess its columns."""

    permission = "stock.import"
    title = "Import a file"
    under = "Imports"
    template_name = "imports/import_new.html"
    form_class = UploadForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"kinds": kinds_for(self.request.user)}

    def get_initial(self) -> dict[str, Any]:
        return {"kind": self.request.GET.get("kind", Kind.STOCK.value)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {
            "kinds": kinds_for(self.request.user),
            "going_out": [kind for kind, _ in kinds_going_out(self.request.user)],
            "steps": STEPS,
            "step": 0,
        }

    def carry_out(self, form: Any) -> str:
        kind, file = form.chosen
        looked = intake.looked_at(file, file.name, kind)
        kept = queries.remembered(self.doing.actor, kind.value, looked.fingerprint)
        looked = intake.with_memory(looked, kept)
        reach = self.request.user.locations_for(RIGHTS[kind][0])
        with one_effect(self.request):
            job = importing.upload(looked, file, reach=reach, **self.doing.as_arguments)
            return reverse("imports:columns", args=[job.pk])
        return reverse("imports:list")


class Columns(Form):
    """Say which column is which; guessed, or as last time."""

    permission = "stock.import"
    title = "Match columns"
    under = "Imports"
    template_name = "imports/import_columns.html"
    form_class = ColumnsForm

    @cached_property
    def job(self) -> ImportJob:
        """The file of this page."""
        return job_for(self.request.user, self.kwargs["pk"])

    @cached_property
    def words(self) -> list[str]:
        """What the file calls locations and we do not."""
        return intake.unknown_places(self.job)

    def get_form_kwargs(self) -> dict[str, Any]:
        job, user = self.job, self.request.user
        return super().get_form_kwargs() | {
            "kind": Kind(job.kind),
            "headers": job.headers,
            "words": self.words,
            "places": stock_queries.places_for_choice(user.locations_for("stock.import")),
            "may_create": user.may("catalogue.change"),
            "channels": order_queries.channels_for_staff(),
        }

    def get_initial(self) -> dict[str, Any]:
        job = self.job
        choices = Choices.from_json(job.options)
        initial = {f"column_{name}": str(at) for name, at in job.mapping.items() if isinstance(at, int)}
        for number, word in enumerate(self.words):
            initial[f"place_{number}"] = choices.locations.get(word, "")
        return initial | {
            "date_order": choices.date_order,
            "decimal_mark": choices.decimal_mark,
            "create_skus": choices.create_skus,
            "channel": choices.channel,
            "take_finished": choices.take_finished,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = self.job
        shown = super().get_context_data(**kwargs)
        needed = resource_for(Kind(job.kind)).needed
        samples = [
            [row[at] if at < len(row) else "" for row in job.samples] for at in range(len(job.headers))
        ]
        rows = [
            {"name": name, "bound": bound, "needed": name in needed, "samples": _samples(bound, samples)}
            for name, bound in shown["form"].map_fields()
        ]
        # The many columns of an order that a file does not have are folded away.
        absent = [row for row in rows if not row["needed"] and row["bound"].value() in (None, "")]
        rows = [row for row in rows if len(absent) <= MOST_ABSENT or row not in absent]
        absent = absent if len(absent) > MOST_ABSENT else []
        kept = queries.remembered(self.doing.actor, job.kind, fingerprint(job.headers))
        places = [(job.headers[int(at)], code) for at, code in job.mapping.get(intake.PLACES, {}).items()]
        told = {
            "job": job,
            "rows": rows,
            "absent": absent,
            "remembered": kept,
            "spread": places,
            "steps": STEPS,
            "step": 1,
        }
        return shown | told | {"words": KINDS[Kind(job.kind)]}

    def carry_out(self, form: Any) -> str:
        job = self.job
        mapping: dict[str, Any] = dict(form.mapping)
        if intake.PLACES in job.mapping and not {"location", "on_hand"} & mapping.keys():
            mapping[intake.PLACES] = job.mapping[intake.PLACES]
        mapping = intake.checked_mapping(Kind(job.kind), job.headers, mapping, form.choices)
        reach = reach_of(self.request.user, job)
        with one_effect(self.request):
            importing.check(
                job.pk, mapping=mapping, choices=form.choices, reach=reach, **self.doing.as_arguments
            )
            wake(job.pk)
        return reverse("imports:detail", args=[job.pk])


def _samples(bound: Any, samples: list[list[str]]) -> list[str]:
    at = bound.value()
    return [cell for cell in samples[int(at)] if cell][:3] if at and int(at) < len(samples) else []


class ImportPage(Record):
    """One file: its progress, its difference, what was refused, and what can be done about it."""

    permission = "stock.import"
    under = "Imports"
    template_name = "imports/import_detail.html"
    list_url_name = "imports:list"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.GET.get("part") != "progress":
            return super().get(request, *args, **kwargs)
        job = job_for(request.user, self.kwargs["pk"])
        if not job.is_working:
            # The page itself looks different now.
            return HttpResponse(headers={"HX-Refresh": "true"})
        self.template_name = "imports/_progress.html"
        return self.render_to_response({"job": job})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job = job_for(self.request.user, self.kwargs["pk"])
        tab = self.request.GET.get("tab", "")
        counts = {"created": job.created, "changed": job.changed, "refused": job.refused}
        if tab not in TABS:
            tab = next((name for name in ("changed", "created", "refused") if counts[name]), "changed")
        tabs = [
            {"name": name, "word": word, "count": counts[name], "here": name == tab, "url": f"?tab={name}"}
            for name, word in (("created", "New"), ("changed", "Changed"), ("refused", "Refused"))
        ]
        may = self.request.user.may(RIGHTS[Kind(job.kind)][0])
        may_undo = may and (job.kind != Kind.ORDERS or self.request.user.may("orders.cancel"))
        return (
            super().get_context_data(**kwargs)
            | self._rows(job, tab)
            | {
                "title": f"Import {KINDS[Kind(job.kind)].lower()}",
                "job": job,
                "tab": tab,
                "tabs": tabs,
                "good": job.created + job.changed,
                "guesses": _guesses(job),
                "value": job.totals.get("value", {}) if _may_see_value(self.request.user, job) else {},
                "pieces": job.totals.get("pieces"),
                "steps": STEPS,
                "step": STEP_OF.get(job.state, 4 if job.state in {"committed", "undone"} else 3),
                "orders": job.totals.get("orders") if job.kind == Kind.ORDERS else None,
                "may": may,
                "may_undo": may_undo,
                "kept": queries.is_kept(job),
                "stuck": queries.findings(job, of_undo=True)[:SHOWN] if job.not_undone else (),
            }
        )

    def _rows(self, job: ImportJob, tab: str) -> dict[str, Any]:
        after = self.request.GET.get("after", "0")
        begin = int(after) if after.isdigit() else 0
        rows = queries.findings(job) if tab == "refused" else queries.changes(job, Verdict(tab))
        found = list(rows[begin : begin + SHOWN + 1])
        for row in found:
            row.order, row.rest = _order_of(row, job)
        last = begin + min(len(found), SHOWN)
        more = last if len(found) > SHOWN else None
        return {
            "found": found[:SHOWN],
            "first": begin + 1,
            "last": last,
            "more": more,
            "before": begin - SHOWN,
        }


def _guesses(job: ImportJob) -> list[str]:
    choices = Choices.from_json(job.options)
    said = {"dmy": "dates are day/month/year", "mdy": "dates are month/day/year"}.get(choices.date_order, "")
    mark = {",": "a comma is the decimal mark", ".": "a point is the decimal mark"}.get(
        choices.decimal_mark, ""
    )
    places = [f"“{word}” means {code}" for word, code in choices.locations.items()]
    made = ["SKUs that are missing are made"] if choices.create_skus else []
    if choices.channel:
        made.append(f"rows without a channel are of {choices.channel}")
    if choices.take_finished:
        made.append("orders that ended elsewhere are taken too")
    return [each for each in (said, mark, *places, *made) if each]


def _order_of(row: Any, job: ImportJob) -> tuple[str, str]:
    """The order that a row made, and what else the journal calls it."""
    number, _, rest = getattr(row, "subject", "").partition(" ")
    is_made = job.kind == Kind.ORDERS and job.state != JobState.CHECKED
    return (number, rest) if is_made else ("", "")


def _may_see_value(user: Any, job: ImportJob) -> bool:
    # What goods cost is for some; what orders come to is for all who may see orders.
    return job.kind == Kind.ORDERS or user.may("costs.view")


class _OnImport(Action):
    permission = "stock.import"

    def fallback(self, **kwargs: Any) -> str:
        return reverse("imports:detail", kwargs=kwargs)


class Commit(_OnImport):
    """Write the good rows."""

    def carry_out(self, **kwargs: Any) -> None:
        job = job_for(self.request.user, kwargs["pk"])
        importing.commit(job.pk, reach=reach_of(self.request.user, job), **self.doing.as_arguments)
        wake(job.pk)


class Undo(_OnImport):
    """Take back what a file changed."""

    def carry_out(self, **kwargs: Any) -> None:
        job = job_for(self.request.user, kwargs["pk"])
        reach = reach_of(self.request.user, job)
        if reach is not None and (job.reach is None or not reach >= set(job.reach)):
            raise Forbidden("This file was imported for more locations than your roles reach.")
        if job.kind == Kind.ORDERS and not self.request.user.may("orders.cancel"):
            raise Forbidden("To take orders back is to cancel them; your roles do not allow it.")
        importing.undo(job.pk, **self.doing.as_arguments)
        wake(job.pk)


frame.hang(frame.Entry("Imports", "file-import", "imports:list", "stock.import", "Set up", position=82))
