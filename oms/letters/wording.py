"""Templates of letters: what they may say, and how they are filled in; pure.

They are written by people who may set up letters and not run code, so what is allowed is listed: naming facts, a few
filters, conditions, and loops over the lists there are. Everything else is refused with its line, and the engine's own
sandbox stands behind that. A loop inside a loop only goes over a part of what the outer one goes over, so that a
template never costs more than the facts are long.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, nodes
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from oms.letters.rules import Occasion, WordingInvalid
from oms.letters.variables import VARIABLES, Variable

LONGEST = 20_000
KEPT = 256
"""So many templates are kept ready in a process."""
LONGEST_SUBJECT = 200
FILTERS = frozenset({"upper", "lower", "capitalize", "trim", "join", "length"})
_LOOP = {name: Variable("of the loop") for name in ("first", "last", "index")}
_PLAIN = (
    *(nodes.TemplateData, nodes.Const, nodes.If, nodes.CondExpr, nodes.Not, nodes.And),
    *(nodes.Or, nodes.Compare, nodes.Operand),
)
_LIVE = re.compile(r"<\s*/?\s*(script|iframe|object|embed|form|link|base)\b|\son[a-z]+\s*=|javascript:", re.I)
_TAG = re.compile(r"""<[a-z](?:"[^"]*"|'[^']*'|[^>"'])*>""", re.I)
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
_IN_ADDRESS = re.compile(r"""\b(href|src|action|style|srcset)\s*=\s*(["'])(?:(?!\2)[^>])*\{[{%]""", re.I)
_BARE = re.compile(r"^[ \t]*((?:\{%(?:(?!%\}).)*%\}[ \t]*)+)\n", re.M)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Wording:
    """The texts of a template; without HTML of its own the letter's HTML is made of its text."""

    subject: str
    text: str
    html: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in which part (subject, text or html) and line."""

    part: str
    line: int
    says: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.says}"


@dataclass(frozen=True, slots=True)
class Written:
    """A letter as it is sent."""

    subject: str
    text: str
    html: str


@lru_cache(KEPT)
def problems(occasion: Occasion, wording: Wording) -> tuple[Problem, ...]:
    """Everything in a template that cannot be said on this occasion, by part and line."""
    known = VARIABLES[occasion]
    found = [
        *_checked("subject", wording.subject, known),
        *_checked("text", wording.text, known),
        *_checked("html", wording.html, known),
        *_markup(wording.html),
    ]
    if not wording.subject.strip():
        found.append(Problem("subject", 1, "A letter has a subject."))
    if len(wording.subject.splitlines()) > 1:
        found.append(Problem("subject", 2, "A subject is one line."))
    if not wording.text.strip():
        found.append(Problem("text", 1, "A letter says something."))
    return tuple(found)


def fill(occasion: Occasion, wording: Wording, facts: Mapping[str, Any]) -> Written:
    """The letter that a template makes of the facts.

    Raises ``WordingInvalid`` when it cannot be filled in.
    """
    wrong = problems(occasion, wording)
    if wrong:
        raise WordingInvalid(f"The {wrong[0].part}, line {wrong[0].line}: {wrong[0].says}")
    try:
        subject = one_line(_rendered(wording.subject, facts))
        text = _rendered(wording.text, facts).strip() + "\n"
        body = _rendered(wording.html, facts, escapes=True) if wording.html.strip() else ""
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise WordingInvalid(f"The template cannot be filled in: {error}") from error
    return Written(subject, text, body or in_html(text))


def one_line(text: str) -> str:
    """The text without line ends or other control signs, so that no header can follow it."""
    return _CONTROLS.sub(" ", text).strip()[:LONGEST_SUBJECT]


def in_html(text: str) -> str:
    """A plain text as HTML: paragraphs, line ends, nothing else."""
    paragraphs = [part.strip("\n") for part in re.split(r"\n\s*\n", text) if part.strip()]
    said = "\n".join(f"<p>{html.escape(part)}</p>".replace("\n", "<br>\n") for part in paragraphs)
    return f'<!doctype html>\n<html lang="en">\n<body>\n{said}\n</body>\n</html>\n'


_TEXTS = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_PAGES = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)


@lru_cache(KEPT)
def _compiled(source: str, escapes: bool) -> Template:
    # A line that holds nothing but conditions and loops leaves no empty line behind.
    return (_PAGES if escapes else _TEXTS).from_string(_BARE.sub(r"\1", source))


def _rendered(source: str, facts: Mapping[str, Any], *, escapes: bool = False) -> str:
    return _compiled(source, escapes).render(facts)


def _checked(part: str, source: str, known: Mapping[str, Variable]) -> list[Problem]:
    if len(source) > LONGEST:
        return [Problem(part, 1, f"It is longer than {LONGEST:,} signs.")]
    try:
        found = _Reading(known).block(_TEXTS.parse(source).body)
        wrong = [Problem(part, line, says) for line, says in found]
        if not wrong:
            _compiled(source, part == "html")
    except TemplateSyntaxError as error:
        return [Problem(part, error.lineno, f"{error.message}.".replace("..", "."))]
    except (SyntaxError, RecursionError):
        return [Problem(part, 1, "It is nested too deeply.")]
    return wrong


@dataclass(frozen=True, slots=True)
class _Reading:
    """One scope of a template: what may be named here, and what the loops around it go over."""

    top: Mapping[str, Variable]
    inner: Mapping[str, Variable] = field(default_factory=dict)

    def block(self, found: Sequence[nodes.Node]) -> Iterator[tuple[int, str]]:
        for node in found:
            yield from self.node(node)

    def node(self, node: nodes.Node) -> Iterator[tuple[int, str]]:
        match node:
            case nodes.Output():
                yield from self._output(node)
            case nodes.For():
                yield from self._loop(node)
            case nodes.Name() | nodes.Getattr():
                yield from self._fact(node)
            case nodes.Filter():
                yield from self._filter(node)
            case _ if isinstance(node, _PLAIN):
                yield from self.block(list(node.iter_child_nodes()))
            case _:
                yield (
                    node.lineno,
                    f"{type(node).__name__.lower()} is not possible in letters: name facts, use if and for.",
                )

    def _output(self, node: nodes.Output) -> Iterator[tuple[int, str]]:
        for each in node.nodes:
            meant = self._meant(each)
            if meant is not None and (meant.is_list or meant.parts):
                yield each.lineno, f"{_written(each)} has parts: name one of them, in a loop over it."
            else:
                yield from self.node(each)

    def _loop(self, node: nodes.For) -> Iterator[tuple[int, str]]:
        if not isinstance(node.target, nodes.Name) or node.recursive:
            yield node.lineno, "Write a loop as “for line in lines”."
            return
        goes_over = self._meant(node.iter)
        if goes_over is None or not goes_over.is_list:
            yield node.lineno, f"A loop goes over a list. Lists here: {self._lists()}."
            return
        if self.inner and isinstance(node.iter, nodes.Name):
            yield node.lineno, "A loop inside another goes over a part of it, such as parcel.lines."
            return
        each = Variable("each of them", parts=goes_over.parts)
        within = _Reading(self.top, {**self.inner, node.target.name: each, "loop": Variable("", parts=_LOOP)})
        if node.test is not None:
            yield from within.node(node.test)
        yield from within.block(node.body)
        yield from self.block(node.else_)

    def _filter(self, node: nodes.Filter) -> Iterator[tuple[int, str]]:
        if node.name not in FILTERS:
            yield node.lineno, f"There is no filter {node.name}. There are {', '.join(sorted(FILTERS))}."
        if node.kwargs or not all(isinstance(each, nodes.Const) for each in node.args):
            yield node.lineno, f"The filter {node.name} takes plain values only."
        if node.node is not None:
            yield from self.node(node.node)

    def _fact(self, node: nodes.Name | nodes.Getattr) -> Iterator[tuple[int, str]]:
        if self._meant(node) is None:
            yield node.lineno, self._unknown(node)

    def _meant(self, node: nodes.Node) -> Variable | None:
        if isinstance(node, nodes.Name):
            return self.inner.get(node.name) or self.top.get(node.name)
        if isinstance(node, nodes.Getattr):
            of = self._meant(node.node)
            # A list has no parts of its own: its entries have them, inside a loop.
            return None if of is None or of.is_list else (of.parts or {}).get(node.attr)
        return None

    def _unknown(self, node: nodes.Name | nodes.Getattr) -> str:
        said = _written(node)
        if isinstance(node, nodes.Getattr) and (of := self._meant(node.node)) is not None:
            parts = "a loop over it" if of.is_list else ", ".join(of.parts or {}) or "no parts"
            return f"There is no {said}. {_written(node.node)} has {parts}."
        known = sorted({*self.top, *self.inner})
        near = get_close_matches(said, known, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        return f"There is no {said} here.{meant} There are {', '.join(known)}."

    def _lists(self) -> str:
        own = [
            f"{name}.{part}"
            for name, each in self.inner.items()
            for part, meant in (each.parts or {}).items()
            if meant.is_list
        ]
        return ", ".join(own or [name for name, each in self.top.items() if each.is_list])


def _written(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}"
    return node.name if isinstance(node, nodes.Name) else "this"


def _markup(source: str) -> list[Problem]:
    """What a mail must not bring along, and where a fact must not stand."""
    loose = [tag for tag in _TAG.finditer(source) if "{{" in _QUOTED.sub("", tag[0])]
    hits = (
        *(
            (hit, "Scripts, frames, forms and handlers have no place in a letter.")
            for hit in _LIVE.finditer(source)
        ),
        *((hit, 'A fact inside a tag stands in quotes, as in title="{{ … }}".') for hit in loose),
        *(
            (hit, "An address or a style is written out; a fact must not stand in it.")
            for hit in _IN_ADDRESS.finditer(source)
        ),
    )
    return [Problem("html", source.count("\n", 0, hit.start()) + 1, says) for hit, says in hits]
