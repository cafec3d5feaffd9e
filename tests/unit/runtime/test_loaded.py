"""What a process loads before anything needs it: it stays in memory for as long as the process runs."""

import subprocess
import sys

import pytest

_LOADED = "import sys, importlib; importlib.import_module(sys.argv[1]); print(*sys.modules)"


@pytest.mark.parametrize("package", ["alembic", "minio", "numpy"])
def test_ingest_does_not_load_what_it_may_never_need(loaded_by_ingest: set[str], package: str) -> None:
    """Migrations, buckets and sound."""
    assert package not in loaded_by_ingest


@pytest.fixture(scope="module")
def loaded_by_ingest() -> set[str]:
    """All modules of a process that is about to begin."""
    command = [sys.executable, "-c", _LOADED, "services.ingest.__main__"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "services.ingest.app" in loaded
    return set(loaded)
