"""Setting up a device's scanner, and the printed cards that press buttons."""

from dataclasses import dataclass
from typing import Any

from barcode import get_barcode_class

from oms.core.views.frame import Page

TEST_CODE = "OMS-TEST-4207"
COMMANDS = (
    ("OMS-OK", "OK", "Takes a refusal away."),
    ("OMS-UNDO", "Undo", "Takes back the last scan."),
    ("OMS-SHORT", "Short", "Fewer in the bin than asked."),
    ("OMS-DONE", "Done", "Finishes what is on the screen."),
    ("OMS-HELP", "Help", "Opens the help of the page."),
)
HEIGHT = 40


@dataclass(frozen=True, slots=True)
class Bars:
    """A Code 128 drawn as one path, in modules of width one."""

    text: str
    path: str
    width: int


def bars(text: str) -> Bars:
    """Draw a code, quiet zones included."""
    quiet = 10
    modules = get_barcode_class("code128")(text).build()[0]
    steps, at = [], 0
    while at < len(modules):
        end = at
        while end < len(modules) and modules[end] == modules[at]:
            end += 1
        if modules[at] == "1":
            steps.append(f"M{quiet + at} 0h{end - at}v{HEIGHT}h-{end - at}z")
        at = end
    return Bars(text, "".join(steps), len(modules) + 2 * quiet)


class Scanner(Page):
    """How fast this device's scanner types, tried out on a test code."""

    permission = ""
    title = "Scanner of this device"
    template_name = "core/scanner.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"test": bars(TEST_CODE), "height": HEIGHT}


class CommandCards(Page):
    """Cards to print and hang beside the station."""

    permission = ""
    title = "Command cards"
    template_name = "core/command_cards.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        cards = [{"bars": bars(code), "name": name, "help": text} for code, name, text in COMMANDS]
        return super().get_context_data(**kwargs) | {"cards": cards, "height": HEIGHT}
