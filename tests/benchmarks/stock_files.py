"""A stock file of 100,000 rows, imported by a process of its own as an operator would."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from oms.catalogue.models import Sku
from oms.core.owner import as_owner

LOCATIONS = ("PER", "SYD", "MEL")
SKUS = 33_334
MOST_SECONDS, MOST_MB = 15.0, 300.0
# Prints what the process needed at its peak, in kilobytes, after the command's own line.
_RUN = """
import resource, sys
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Wall time of the first run from start to end of the process, its memory, and what a second run changed."""

    seconds: float
    peak_mb: float
    changed_again: int


def measured(where: str) -> Measured:
    """Import a file of new levels, and import it again."""
    for begin in range(0, SKUS, 5_000):
        codes = (f"F{number:05d}" for number in range(begin, min(SKUS, begin + 5_000)))
        Sku.objects.bulk_create([Sku(code=code, name=code) for code in codes])
    with as_owner(connection), connection.cursor() as cursor:
        cursor.execute("analyze catalogue_sku")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "count.csv"
        with file.open("w") as lines:
            lines.write("sku,location,on_hand\n")
            for number in range(SKUS):
                lines.writelines(f"F{number:05d},{place},{number % 90 + 1}\n" for place in LOCATIONS)
        began = time.perf_counter()
        first, peak = _import(file, where)
        seconds = time.perf_counter() - began
        again, _ = _import(file, where)
    if first["created"] != SKUS * len(LOCATIONS):
        raise RuntimeError(f"The file was not imported whole: {first}")
    return Measured(seconds, peak / 1024, again["created"] + again["changed"])


def _import(file: Path, where: str) -> tuple[dict, int]:
    environment = os.environ | {"DATABASE_URL": where, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", _RUN, "import_file", "stock", str(file), "--json"]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    told, peak = done.stdout.splitlines()[-2:]
    return json.loads(told), int(peak)
