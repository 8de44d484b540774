"""Several boxes of a form of which any may be ticked, drawn as one group."""

from django.forms import BoundField
from django.forms.boundfield import BoundWidget
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def ticks(bound: BoundField, optional: str, described_by: str, said: SafeString) -> SafeString:
    """The boxes with their words beside them, and below what is ``said`` of all of them."""
    boxes = format_html_join(
        "",
        '<label class="tick" for="{}">{} {}</label>',
        ((box.id_for_label, _box(box), box.choice_label) for box in bound.subwidgets),
    )
    about = format_html(' aria-describedby="{}"', described_by) if described_by else ""
    return format_html(
        '<fieldset class="field ticks"{}><legend>{}{}</legend>{}{}</fieldset>',
        *(about, bound.label, optional, boxes, said),
    )


def _box(box: BoundWidget) -> SafeString:
    box.data["attrs"]["class"] = "check"
    return box.tag(wrap_label=False)
