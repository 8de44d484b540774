import subprocess
import sys

import pytest

from oms.runtime.errors import CannotStart
from oms.runtime.folder import DataFolder

HOLD = """
import sys, pathlib, time
from oms.runtime.folder import DataFolder
folder = DataFolder(pathlib.Path(sys.argv[1]))
folder.lock()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder(tmp_path):
    made = DataFolder(tmp_path / "data")
    made.prepare()
    yield made
    made.release()


def test_two_supervisors_on_one_folder_are_refused(folder):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder.path)], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        try:
            with pytest.raises(CannotStart, match=f"in use by process {other.pid}"):
                folder.lock()
        finally:
            other.kill()


def test_a_lock_left_by_a_dead_supervisor_does_not_stand_in_the_way(folder):
    folder.lock_file.write_text("999999\n")

    folder.lock()

    assert folder.lock_file.read_text() != "999999\n"


def test_secrets_are_for_their_owner_alone(folder):
    folder.write_environment({"OMS_SECRET_KEY": "a=b", "PORT": "8000"})

    assert folder.environment_file.stat().st_mode & 0o777 == 0o600
    assert folder.read_environment() == {"OMS_SECRET_KEY": "a=b", "PORT": "8000"}
