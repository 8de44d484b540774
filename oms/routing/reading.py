"""A version of a rule set as pages show it: phrase by phrase, with what is wrong or odd about it."""

from typing import Any

from oms.routing import checking, comparing, queries, rule_queries, words
from oms.routing.comparing import Change
from oms.routing.models import RuleSetVersion
from oms.routing.plans import Plan
from oms.routing.rules import RuleBook, RuleInvalid

SKUS_SHOWN = 4


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


def plan(planned: Plan) -> dict[str, Any]:
    """A plan that nobody has carried out, as Why here? shows it."""
    told = planned.explained()
    return told | {
        "candidates": [candidate(each) for each in told["candidates"]],
        "is_refused": planned.is_refused,
    }


def candidate(one: dict[str, Any]) -> dict[str, Any]:
    """A site of Why here?; of a long order the whole stock of each site would hide the decision."""
    stock = [f"{has} × {sku}" for sku, has in one.get("stock", {}).items()]
    shown, rest = (stock[:SKUS_SHOWN], stock[SKUS_SHOWN:]) if len(stock) > SKUS_SHOWN + 1 else (stock, [])
    return one | {"stock_words": " · ".join(shown), "stock_rest": rest}


def difference(
    old: RuleSetVersion, new: RuleSetVersion, names: dict[str, str], currency: str
) -> list[Change]:
    """What a later version says otherwise; nothing when one of them cannot be read any more."""
    try:
        return comparing.changes(queries.book_of(old), queries.book_of(new), currency=currency, names=names)
    except RuleInvalid:
        return []


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
        "scarcity": book.scarcity_minor,
        "currency": currency,
        "max_parcels": book.max_parcels,
        "if_none": words.if_none(book.if_none),
        "says": " ".join(words.book(book, currency=currency, names=names)),
        "findings": (),
    }
