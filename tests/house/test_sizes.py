import ast

from tests.house.sources import functions, named, python_files

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
MOST_PARAMETERS = 5
# Named at every call and the same everywhere, so they do not count.
ALWAYS_NAMED = {"self", "cls", "actor", "at"}


def test_no_file_is_longer_than_a_person_reads():
    long = {
        named(path): lines
        for path in python_files(tests=True)
        if (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    }

    assert long == {}


def test_no_function_is_longer_than_a_screen():
    long = {
        f"{named(path)}:{function.lineno} {function.name}": lines
        for path in python_files(tests=True)
        for function in functions(path)
        if (lines := _lines(function)) > LONGEST_FUNCTION
    }

    assert long == {}


def test_no_function_asks_for_more_than_five_things():
    greedy = {
        f"{named(path)}:{function.lineno} {function.name}": count
        for path in python_files()
        for function in functions(path)
        if (count := _parameters(function)) > MOST_PARAMETERS
    }

    assert greedy == {}


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = function.args
    # What has a default is an option and not a demand.
    required = [*arguments.posonlyargs, *arguments.args]
    required = required[: len(required) - len(arguments.defaults)]
    named_only = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    required += [argument for argument, default in named_only if default is None]
    return len([argument for argument in required if argument.arg not in ALWAYS_NAMED])
