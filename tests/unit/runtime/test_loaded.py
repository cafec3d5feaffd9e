"""What a process loads before anything needs it: it stays in memory for as long as the process runs."""

import subprocess
import sys
from functools import cache

import pytest

from services.ingest.media.sample_entry import sps_of, video_sample_entry
from services.ingest.media.sps import parse_sps
from tests.unit.media.samples import clip

_LOADED = "import sys, importlib; importlib.import_module(sys.argv[1]); print(*sys.modules)"
_DECLARED = """
import sys
from services.ingest.media.init_section import InitSections
import services.ingest.media.stream
section = InitSections().get(bytes.fromhex(sys.argv[1]), None)
print(section[32:36].decode(), "av" in sys.modules)
"""


@pytest.mark.parametrize("package", ["alembic", "av", "kubernetes", "minio", "numpy", "opentelemetry"])
def test_ingest_does_not_load_what_it_may_never_need(loaded_by_ingest: frozenset[str], package: str) -> None:
    """Migrations, sound and pictures that libav has to look at, Kubernetes, buckets, spans."""
    assert package not in loaded_by_ingest


@pytest.mark.parametrize("package", ["alembic", "av", "minio", "numpy", "opentelemetry"])
def test_the_gateway_does_not_load_what_it_may_never_need(package: str) -> None:
    """Pictures and transport streams are made with the former, by the first who asks for one."""
    assert package not in _loaded_by("services.gateway.__main__")


def test_a_camera_of_h264_alone_does_not_load_libav() -> None:
    sets = clip(seconds=0.2).video.parameter_sets
    entry = video_sample_entry("h264", sets, parse_sps("h264", sps_of("h264", sets)))
    command = [sys.executable, "-c", _DECLARED, entry.hex()]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert told == ["moov", "False"]


@pytest.fixture(scope="module")
def loaded_by_ingest() -> frozenset[str]:
    return _loaded_by("services.ingest.__main__")


@cache
def _loaded_by(module: str) -> frozenset[str]:
    """All modules of a process that is about to begin."""
    command = [sys.executable, "-c", _LOADED, module]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert module.replace("__main__", "app") in loaded
    return frozenset(loaded)
