"""All workers of a machine stay within its cores together."""

import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.transcoding.budget import CoreBudget
from services.ingest.transcoding.machine import Together
from services.ingest.transcoding.metrics import TranscodingMetrics
from snowlight.errors import ResourceExhaustedError

_TAKES_THREE = """
import sys
from pathlib import Path
from services.ingest.transcoding.machine import Together
Together(Path(sys.argv[1]), "1").tell(3.0)
print("taken", flush=True)
sys.stdin.read()
"""


def budget(folder: Path, worker: str) -> CoreBudget:
    metrics = TranscodingMetrics(CollectorRegistry())
    return CoreBudget(4.0, metrics, Together(folder, worker))


def test_what_one_worker_takes_is_not_left_for_another(tmp_path: Path) -> None:
    first, second = budget(tmp_path, "0"), budget(tmp_path, "1")
    with first.lease(3.0):
        with (
            pytest.raises(ResourceExhaustedError, match=r"3\.00 of 4\.00 cores .* takes 1\.50 more"),
            second.lease(1.5),
        ):
            pass
        with second.lease(1.0), pytest.raises(ResourceExhaustedError), first.lease(0.1):
            pass
    with second.lease(4.0):
        pass


def test_what_a_killed_worker_had_taken_is_free(tmp_path: Path) -> None:
    ours = budget(tmp_path, "0")
    killed = subprocess.Popen(
        [sys.executable, "-c", _TAKES_THREE, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"taken\n"
    with pytest.raises(ResourceExhaustedError), ours.lease(2.0):
        pass
    killed.kill()
    killed.communicate()
    with ours.lease(2.0):
        pass


def test_a_worker_that_comes_again_begins_with_nothing(tmp_path: Path) -> None:
    (tmp_path / "1.cores").write_bytes(b"\x00" * 7 + b"\x40")  # as a killed one left it: 2 cores
    ours, again = budget(tmp_path, "0"), budget(tmp_path, "1")
    with ours.lease(3.0), again.lease(1.0):
        pass
