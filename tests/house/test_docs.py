"""What the pages for programs promise, held against the code."""

import ast
import re
from collections.abc import Iterator

from tests.house.sources import ROOT, python_files

# Messages of the house to itself; no endpoint hears of them.
INTERNAL = re.compile(r"(letter|webhook)\.")


def told() -> Iterator[str]:
    """Every topic that stands by its name where news is recorded."""
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text(), filename=str(path))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Attribute):
                whole = ast.unparse(node.func)
                if whole == "outbox.record" or whole.endswith(".tell"):
                    yield from (
                        each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)
                    )


def test_every_topic_that_is_told_is_named_for_programs():
    page = (ROOT / "docs/integrator.md").read_text()
    topics = {
        topic for topic in told() if isinstance(topic, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+", topic)
    }

    assert "order.placed" in topics
    listed = set(re.findall(r"[a-z_]+\.[a-z_]+", page[page.index("Topics: by name") :]))
    assert {topic for topic in topics if not INTERNAL.match(topic)} <= listed
