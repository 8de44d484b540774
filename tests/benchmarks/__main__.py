"""``./test bench``: figures as JSON lines, each beside a reference measured in the same run on the same Postgres."""

import multiprocessing
import os
import sys

import django

# Children are started afresh: a database connection must not cross a fork.
multiprocessing.set_start_method("spawn")


def main() -> int:
    """Make a database, measure every bench that was asked for, and say whether all aims were met."""
    django.setup()
    # Only now: the models need the settings.
    from tests.benchmarks import benches, ground  # noqa: PLC0415

    with ground.database() as where:
        results = benches.run(where, only=sys.argv[1:])
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    sys.exit(main())
