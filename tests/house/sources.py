"""The project's own Python files, as the house tests look at them."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("oms", "inventory", "fulfilment", "purchasing", "returns")


def python_files(*, tests: bool = False) -> list[Path]:
    """Every file that a person wrote; migrations are written by a command."""
    folders = [*PACKAGES, "tests"] if tests else list(PACKAGES)
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in found if "migrations" not in path.parts)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(), filename=str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def layer(path: Path) -> str:
    """The floor a file stands on: rules, models, queries, services, flows, views, api, admin, ..."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[:2] == ("oms", "flows"):
        # What a clock, a message or a person at a terminal starts is a door: it reads the hour itself.
        door = {"management", "demo"} & set(parts) or parts[-1] in {"tasks", "reactions"}
        return "doors of flows" if door else "flows"
    known = {
        "rules",
        "models",
        "queries",
        "services",
        "views",
        "api",
        "admin",
        "forms",
        "tasks",
        "management",
    }
    return next((part for part in parts[1:] if part in known), "other")
