"""A version of a rule set as pages show it: phrase by phrase, with what is wrong or odd about it."""

from typing import Any

from oms.routing import checking, queries, rule_queries, words
from oms.routing.models import RuleSetVersion
from oms.routing.rules import RuleBook, RuleInvalid


def read_out(version: RuleSetVersion, names: dict[str, str], currency: str) -> dict[str, Any]:
    """The version for a page; a rule that cannot be read is said instead of the rules."""
    try:
        book = queries.book_of(version)
    except RuleInvalid as refusal:
        return {"refusal": str(refusal), "rules": [], "criteria": [], "findings": ()}
    return of_book(book, names, currency)


def with_findings(version: RuleSetVersion, names: dict[str, str], currency: str) -> dict[str, Any]:
    """The same with its findings, those of a rule beside it."""
    read = read_out(version, names, currency)
    if "book" in read:
        found = checking.findings(read["book"], rule_queries.known_to(version.rule_set, read["book"]))
        read["findings"] = found
        for rule in read["rules"]:
            rule["findings"] = [each for each in found if each.rule == rule["position"]]
    return read


def of_book(book: RuleBook, names: dict[str, str], currency: str) -> dict[str, Any]:
    """A rule book for a page."""
    rules = []
    for rule in book.rules:
        asked, done = words.parts(rule, currency=currency, names=names)
        rules.append({"position": rule.position, "asked": asked, "done": done})
    return {
        "book": book,
        "rules": rules,
        "criteria": words.criteria(book.ranking),
        "mixed": bool(book.ranking.weights),
        "penalty": book.split_penalty_minor,
        "currency": currency,
        "max_parcels": book.max_parcels,
        "if_none": words.if_none(book.if_none),
        "says": " ".join(words.book(book, currency=currency, names=names)),
        "findings": (),
    }
