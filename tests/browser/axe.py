"""What axe has to say about a page."""

import pytest

sync_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Colours fade into each other, and begin to with the next frame.
SETTLED = """async () => {
    for (let frames = 0; frames < 3; frames++) await new Promise(requestAnimationFrame);
    await Promise.all(document.getAnimations().map(each => each.finished));
}"""


def findings(page, rules=RULES) -> list[str]:
    """Breaches of the page as it stands, in a line each: the rule and where."""
    # What is right is not written down node by node, which takes longer than finding out.
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found = sync_playwright.Axe().run(page, options=options).response["violations"]
    return [f"{one['id']} {node['target']} {node['html'][:160]}" for one in found for node in one["nodes"]]


def findings_in_both_themes(page) -> list[str]:
    """The same in light and in dark, where nothing but the colours differs."""
    found = []
    for theme, rules in (("light", RULES), ("dark", ["color-contrast"])):
        page.emulate_media(color_scheme=theme)
        page.evaluate(SETTLED)
        found += findings(page, rules)
    return found
