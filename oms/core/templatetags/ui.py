"""Tags and filters of the staff pages; every template has them without loading."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, Select, Textarea
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from oms.core import status
from oms.core.boxes import ticks

register = template.Library()

DIRECTIONAL = frozenset({"chevron-left", "chevron-right", "arrow-back-up", "send", "external-link"})
# The number of decimal places in which a currency is counted, where it is not two (ISO 4217).
PLACES = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "KWD": 3,
    "OMR": 3,
    "TND": 3,
    "JOD": 3,
}
NOTHING = "—"
MINUS = "\u2212"


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Draw one icon of the sprite; it is decoration, so a text or a label stands beside it."""
    classes = "i" + (" i-lg" if size == "lg" else "") + (" i-dir" if name in DIRECTIONAL else "")
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        classes,
        static("ui/icons.svg"),
        name,
    )


@register.simple_tag
def chip(kind: str, state: Any = "", size: str = "", plain: bool = False) -> SafeString:
    """Show a state as icon, word and colour.

    ``{% chip "order" order.status %}`` looks the state up; ``{% chip "look" "38 min" %}`` names a tone itself.
    """
    look = status.Look(kind, str(state)) if kind in status.ICON_OF_TONE else status.look_of(kind, str(state))
    classes = "chip" + (" chip-lg" if size == "lg" else "") + (" chip-plain" if plain else "")
    return format_html(
        '<span class="{}" data-tone="{}">{}{}</span>',
        classes,
        look.tone,
        icon(look.sign),
        look.word,
    )


def _signed(text: str) -> str:
    return MINUS + text[1:] if text.startswith("-") else text


@register.filter
def number(value: Any, places: int | None = None) -> str:
    """Write a number by the reader's locale, with a true minus sign; nothing is a dash."""
    if value is None or value == "":
        return NOTHING
    return _signed(number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True))


@register.filter
def signed(value: Any) -> str:
    """Write a change with its sign: +4, \u22122, 0."""
    if value is None or value == "":
        return NOTHING
    return ("+" if value > 0 else "") + number(value)


@register.simple_tag
def qty(value: Any, url: str = "") -> SafeString:
    """Write a quantity; zero is grey, and a number with an address is a link to its rows."""
    if value is None or value == 0:
        return format_html('<span class="zero">{}</span>', number(value))
    if url:
        return format_html('<a href="{}">{}</a>', url, number(value))
    return format_html("{}", number(value))


@register.simple_tag
def money(minor: int | None, currency: str = "", show: bool = False) -> SafeString:
    """Write an amount held in minor units; the currency is said when ``show`` asks for it."""
    if minor is None:
        return mark_safe(NOTHING)
    places = PLACES.get(currency, 2)
    amount = number(Decimal(minor).scaleb(-places), places)
    if not minor:
        amount = format_html('<span class="zero">{}</span>', amount)
    return format_html("{} <small>{}</small>", amount, currency) if show else format_html("{}", amount)


@register.filter
def price(value: Decimal | None) -> str:
    """Write a unit price: two places at least, four at most, no idle zeros."""
    if value is None:
        return NOTHING
    places = max(2, -int(Decimal(value).normalize().as_tuple().exponent))
    return number(value, min(places, 4))


def distance(span: timedelta) -> str:
    """Say how long a span is in the two largest units that matter."""
    minutes = int(abs(span).total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} m" if minutes % 60 else f"{minutes // 60} h"
    days, hours = divmod(minutes // 60, 24)
    return f"{days} d {hours} h" if hours and days < 4 else f"{days} d"


def clock(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """Write an instant as people read it there: the clock today, the day otherwise."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return local.strftime("%H:%M")
    if abs((local.date() - today.date()).days) < 7:
        return local.strftime("%a %H:%M")
    if local.year == today.year:
        return f"{local.day} {local.strftime('%b %H:%M')}"
    return f"{local.day} {local.strftime('%b %Y')}"


def _zone(name: Any) -> ZoneInfo:
    if not name:
        return ZoneInfo(str(timezone.get_current_timezone()))
    return name if isinstance(name, ZoneInfo) else ZoneInfo(str(name))


@register.simple_tag
def when(at: datetime | None, tz: Any = "", far: bool = True) -> SafeString:
    """Write an instant as clock and distance, in the site's zone, with the zone on hover."""
    if at is None:
        return mark_safe(NOTHING)
    now, zone = datetime.now(UTC), _zone(tz)
    local = at.astimezone(zone)
    title = f"{local:%A} {local.day} {local:%B %Y %H:%M:%S} {zone.key}"
    span = distance(now - at)
    ago = span if span == "now" else (f"{span} ago" if at < now else f"in {span}")
    small = format_html(' <span class="hint">{}</span>', ago) if far else ""
    return format_html(
        '<time datetime="{}" title="{}">{}{}</time>',
        at.isoformat(),
        title,
        clock(at, now, zone),
        small,
    )


@register.simple_tag
def day(value: Any) -> SafeString:
    """Write a day as "Tue 24 Nov", with the year when it is not this one."""
    if value is None:
        return mark_safe(NOTHING)
    year = "" if value.year == datetime.now(UTC).year else f" {value.year}"
    return format_html(
        '<time datetime="{}">{} {} {}{}</time>',
        f"{value:%Y-%m-%d}",
        f"{value:%a}",
        value.day,
        f"{value:%b}",
        year,
    )


@register.simple_tag
def due(at: datetime | None, tz: Any = "", done: bool = False) -> SafeString:
    """Write a promise: its clock, and how urgent it is (amber in the last hour, red once late)."""
    if at is None:
        return mark_safe(NOTHING)
    now = datetime.now(UTC)
    left = at - now
    said = when(at, tz, False)
    if done:
        return said
    if left < timedelta(0):
        look = status.Look(status.STOP, f"late {distance(left)}", "clock-hour-4")
    elif left < timedelta(hours=1):
        look = status.Look(status.LOOK, distance(left), "clock-hour-4")
    else:
        return format_html('{} <span class="hint">{}</span>', said, distance(left))
    return format_html(
        '{} <span class="chip" data-tone="{}">{}{}</span>',
        said,
        look.tone,
        icon(look.sign),
        look.word,
    )


@register.simple_tag
def once() -> SafeString:
    """Write the hidden key of a form: the same page sent twice has one effect."""
    return format_html('<input type="hidden" name="idempotency_key" value="{}">', uuid.uuid4())


def _dressed(bound: BoundField, described_by: str) -> SafeString:
    widget = bound.field.widget
    if isinstance(widget, CheckboxInput):
        css = "check"
    else:
        css = (
            "select"
            if isinstance(widget, Select)
            else ("input area" if isinstance(widget, Textarea) else "input")
        )
    attrs: dict[str, Any] = {"class": f"{widget.attrs.get('class', '')} {css}".strip()}
    if described_by:
        attrs["aria-describedby"] = described_by
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return bound.as_widget(attrs=attrs)


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """Draw one field of a form: label, control, one line of help, and what is wrong with it."""
    help_id, error_id = f"{bound.id_for_label}_help", f"{bound.id_for_label}_error"
    described = " ".join(filter(None, [help_id if bound.help_text else "", error_id if bound.errors else ""]))
    optional = "" if bound.field.required else mark_safe(' <span class="hint">optional</span>')
    label = format_html('<label for="{}">{}{}</label>', bound.id_for_label, bound.label, optional)
    if isinstance(bound.field.widget, CheckboxSelectMultiple):
        return ticks(bound, optional, described, _said(bound, help_id, error_id))
    control = _dressed(bound, described)
    if isinstance(bound.field.widget, CheckboxInput):
        label = format_html(
            '<label class="tick" for="{}">{} {}</label>',
            bound.id_for_label,
            control,
            bound.label,
        )
        control = SafeString("")
    return format_html('<div class="field">{}{}{}</div>', label, control, _said(bound, help_id, error_id))


def _said(bound: BoundField, help_id: str, error_id: str) -> SafeString:
    """The line of help of a field, and what is wrong with it."""
    helped = (
        format_html('<p class="help" id="{}">{}</p>', help_id, bound.help_text) if bound.help_text else ""
    )
    wrong = format_html_join(" ", "{}", ((error,) for error in bound.errors))
    shown = (
        format_html(
            '<p class="err" id="{}">{}<span>{}</span></p>',
            error_id,
            icon("alert-triangle"),
            wrong,
        )
        if bound.errors
        else ""
    )
    return format_html("{}{}", helped, shown)


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """Write this page's own query string with some parts changed; ``None`` or "" takes a part out."""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            params.pop(name, None)
        else:
            params[name] = str(value)
    for cursor in ("after", "before"):
        if cursor not in changes:
            params.pop(cursor, None)
    return "?" + params.urlencode()


@register.filter
def pluralised(count: int, words: str) -> str:
    """Say a number with its noun: ``{{ 3|pluralised:"order,orders" }}`` is "3 orders"."""
    one, many = words.split(",")
    return f"{number(count)} {one if count == 1 else many}"


@register.filter
def first_word(name: str) -> str:
    """Shorten a name for the tab bar of a narrow screen."""
    return name.split(maxsplit=1)[0]


@register.filter
def initials(name: str) -> str:
    """Shorten a person's name to two letters."""
    parts = [part for part in str(name).split() if part]
    return (
        "".join(part[0] for part in (parts[:1] + parts[-1:])) if len(parts) > 1 else str(name)[:2]
    ).upper()


@register.filter
def get(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Look a key up that is only known when the page is drawn."""
    return mapping.get(key)


@register.simple_tag
def bar(value: Any, top: Any, label: str, tone: str = "") -> SafeString:
    """Draw a share of a known total; the label says it in words."""
    toned = format_html(' data-tone="{}"', tone) if tone else ""
    return format_html(
        '<progress class="bar"{} value="{}" max="{}" aria-label="{}"></progress>',
        toned,
        value,
        top or 1,
        label,
    )


@register.simple_tag(takes_context=True)
def side(context: template.Context, under: str = "") -> list[dict[str, Any]]:
    """List the side bar's sections for this person; asked once a page."""
    frame = context.get("frame")
    if frame is None:
        return []
    kept = context.render_context.setdefault("side", {})
    return kept.setdefault(under, frame.side(under)) if under not in kept else kept[under]


@register.simple_tag(takes_context=True)
def tab_entries(context: template.Context, under: str = "") -> list[dict[str, Any]]:
    """List the five entries of the narrow screen's tab bar."""
    lines = [line for section in side(context, under) for line in section["entries"]]
    return [line for line in lines if line["entry"].tab][:5]


@register.filter
def role_words(user: Any) -> str:
    """Say what a person does here."""
    roles = sorted(user.roles)
    if not roles:
        return "Administrator" if user.is_superuser else "No role yet"
    return ", ".join(role.capitalize() for role in roles[:2]) + (
        f" +{len(roles) - 2}" if len(roles) > 2 else ""
    )


@register.filter
def plural_word(words: str, count: int) -> str:
    """Choose between "order" and "orders" of "order,orders"."""
    one, many = words.split(",")
    return one if count == 1 else many


@register.filter
def as_json(value: Any) -> str:
    """Write a value as JSON for a data attribute; the template escapes it."""
    return json.dumps(value, default=str)


@register.filter
def pretty_json(value: Any) -> str:
    """Write a value as JSON for people."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def address_line(address: Mapping[str, str] | None) -> str:
    """Write an address on one line."""
    if not address:
        return NOTHING
    town = " ".join(filter(None, [address.get("city"), address.get("region"), address.get("postcode")]))
    parts = [address.get("name"), address.get("line1"), address.get("line2"), town, address.get("country")]
    return ", ".join(filter(None, parts)) or NOTHING
