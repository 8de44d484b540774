import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import functions, layer, named, python_files

BELOW_DOORS = {"rules", "models", "queries", "services", "flows"}
CLOCKS = {"now", "utcnow", "today", "localdate", "localtime"}
SIGNALS = re.compile(r"django\.(core\.signals|db\.models\.signals|db\.backends\.signals|dispatch)")
# Handing the hour in is the rule; asking the database for it as a column's default is another matter.
DATABASE_CLOCK = "Now"


def test_flows_hold_no_orm_verb():
    found = [
        f"{named(path)}:{node.lineno}"
        for path in _on_floors({"flows"})
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "raw_sql"}
    ]

    assert found == []


def test_only_doors_read_the_clock():
    found = [
        f"{named(path)}:{call.lineno}"
        for path in _on_floors(BELOW_DOORS)
        for call in _calls(path)
        if _called(call) in CLOCKS
    ]

    assert found == []


def test_nothing_is_imported_inside_a_function():
    found = [
        f"{named(path)}:{node.lineno}"
        for path in python_files()
        for function in functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert found == []


def test_nobody_listens_to_djangos_signals():
    found = [
        f"{named(path)}:{node.lineno}"
        for path in python_files()
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and SIGNALS.match(node.module or "")
    ]

    assert found == []


def test_no_model_saves_in_its_own_way():
    found = [
        f"{named(path)}:{method.lineno} {method.name}"
        for path in _on_floors({"models"})
        for method in functions(path)
        if method.name in {"save", "delete"}
    ]

    assert found == []


def test_packages_say_nothing_in_their_init():
    found = [
        named(path)
        for path in python_files()
        if path.name == "__init__.py" and path.parent.name in {"services"} and path.read_text().strip()
    ]

    assert found == []


def test_every_public_function_of_a_service_or_flow_promises_something():
    found = [
        f"{named(path)}:{node.lineno} {node.name}"
        for path in _on_floors({"services", "flows"})
        for node in _tree(path).body
        if isinstance(node, ast.FunctionDef)
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]

    assert found == []


def test_nothing_is_left_to_do_later():
    marks = re.compile(r"\b(TODO|FIXME|HACK)\b")
    found = [
        f"{named(path)}:{number}"
        for path in python_files(tests=True)
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]

    assert found == []


def _on_floors(floors: set[str]) -> list[Path]:
    return [path for path in python_files() if layer(path) in floors]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(_tree(path)) if isinstance(node, ast.Call))


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""
