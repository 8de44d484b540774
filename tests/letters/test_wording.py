"""Templates say what is listed and nothing else, and what a customer is called never becomes code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oms.letters import wording
from oms.letters.rules import Occasion, WordingInvalid
from oms.letters.variables import VARIABLES, Variable, named
from oms.letters.wording import Wording

CONFIRMED, SHIPPED = Occasion.CONFIRMED, Occasion.SHIPPED


def example(known: dict[str, Variable]) -> dict:
    """A fact of each kind."""
    return {
        name: ([example(each.parts) if each.parts else f"one of {name}"] if each.is_list else f"the {name}")
        for name, each in known.items()
    }


def problems(text: str, html: str = "", subject: str = "Hello", occasion=CONFIRMED) -> list[str]:
    return [str(each) for each in wording.problems(occasion, Wording(subject, text, html))]


def written(text: str, html: str = "", subject: str = "Hello", occasion=CONFIRMED, **facts):
    return wording.fill(occasion, Wording(subject, text, html), example(VARIABLES[occasion]) | facts)


def test_facts_loops_and_conditions_are_filled_in():
    text = """Dear {{ customer_name }},
{% if po_number %}
Your order {{ po_number }}
{% endif %}
{% for line in lines %}
{{ line.pieces }} x {{ line.name }}{% if not loop.last %};{% endif %}
{% endfor %}
"""
    lines = [{"pieces": 2, "name": "Mug"}, {"pieces": 1, "name": "Cup"}]

    said = written(text, customer_name="Zoë", po_number="", lines=lines).text

    assert said == "Dear Zoë,\n2 x Mug;\n1 x Cup\n"


def test_an_unknown_name_is_refused_with_its_line_and_the_known_ones():
    (problem,) = problems("Hello\n\n{{ order_numer }}")

    assert problem.startswith("Line 3: There is no order_numer here. Did you mean order_number?")
    assert "terms_days" in problem


@pytest.mark.parametrize(
    "source",
    [
        "{{ order_number.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ lines.append(1) }}",
        "{{ order_number['x'] }}",
        "{{ self }}",
        "{{ cycler }}",
        "{{ range(9) }}",
        "{{ 'a' * 999999999 }}",
        "{{ 9 ** 99999 }}",
        "{{ order_number ~ order_number }}",
        "{{ order_number|attr('x') }}",
        "{{ order_number|safe }}",
        "{{ lines|map(attribute='x')|list }}",
        "{{ lines|join(order_number) }}",
        "{% set x = 1 %}",
        "{% macro x() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% import 'os' as os %}",
        "{% for a in lines %}{% for b in lines %}x{% endfor %}{% endfor %}",
        "{% for a in order_number %}x{% endfor %}",
        "{% for a, b in lines %}x{% endfor %}",
        "{% for a in lines recursive %}{{ loop(a) }}{% endfor %}",
        "{{ lines }}",
        "{% for line in lines %}{{ line }}{% endfor %}",
        "{% for line in lines %}{{ line.cost }}{% endfor %}",
        "{{ line.sku }}",
        "{% if order_number %}",
        "{{ order_number",
        "x" * 20_001,
        "{{ " + "(" * 5_000 + "order_number" + ")" * 5_000 + " }}",
        "{{ " + "not " * 4_000 + "order_number }}",
        "{% if order_number %}" * 150 + "{% endif %}" * 150,
        "{% if order_number %}" * 400 + "{% endif %}" * 400,
        "",
    ],
)
def test_what_is_not_listed_is_refused(source):
    assert problems(source) != []
    with pytest.raises(WordingInvalid):
        written(source)


def test_a_parcel_names_its_own_pieces():
    inner = "{% for one in parcel.lines %} {{ one.sku }}{% endfor %}"
    text = "{% for parcel in parcels %}{{ parcel.tracking_number }}" + inner + "{% endfor %}"

    assert problems(text, occasion=SHIPPED) == []
    assert written(text, occasion=SHIPPED).text == "the tracking_number the sku\n"
    assert problems(text, occasion=CONFIRMED) != []


@pytest.mark.parametrize(
    "html",
    [
        "<script>x</script>",
        "<p onclick='x'>",
        '<a href="javascript:x">x</a>',
        '<a href="{{ customer_name }}">x</a>',
        '<a href="https://x.example/{{ order_number }}">x</a>',
        "<p title={{ customer_name }}>",
        "<p {{ customer_name }}>",
        '<p style="color: {{ customer_name }}">',
        "<iframe src='x'>",
    ],
)
def test_html_brings_nothing_alive(html):
    assert problems("Hello", f"<p>fine</p>\n{html}")[0].startswith("Line 2: ")


def test_html_may_be_as_plain_or_as_rich_as_a_mail_can_be():
    html = '<table><tr><td title="{{ customer_name }}">Total = {{ total }}</td></tr></table>'
    html += '<a href="https://x.example">x</a>'

    assert problems("Hello", html) == []


EVIL = '"><script>alert(1)</script>{{ 7*7 }}\r\nBcc: all@x.example'


def test_what_a_customer_is_called_stays_text():
    said = written(
        "Dear {{ customer_name }}",
        "<p>{{ customer_name }}</p>",
        "For {{ customer_name }}",
        customer_name=EVIL,
    )

    assert "<script>" not in said.html
    assert "{{ 7*7 }}" in said.text
    assert "\n" not in said.subject
    assert "\r" not in said.subject


def test_html_is_made_of_the_text_and_escapes_it():
    said = written("Dear {{ customer_name }},\n\nOne\nTwo", customer_name="<b>Lee</b> & Co")

    assert "<p>Dear &lt;b&gt;Lee&lt;/b&gt; &amp; Co,</p>\n<p>One<br>\nTwo</p>" in said.html


@given(st.text(max_size=300))
def test_no_text_breaks_out_of_the_subject(text):
    subject = wording.one_line(text)

    assert len(subject.splitlines()) <= 1
    assert len(subject) <= 200


@given(st.text(alphabet="{}%()[]|._'\" abclineordrsfo\n", max_size=60))
def test_whatever_is_typed_is_either_refused_or_filled_in(source):
    if problems(source) == []:
        written(source)


def test_the_list_of_names_has_the_parts_of_lists():
    names = dict(named(SHIPPED))

    assert {"order_number", "parcels", "parcel.tracking_number", "line.pieces"} <= set(names)
    assert all(names.values())
