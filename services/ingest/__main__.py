"""Ingest as a process of its own."""

from services.ingest.app import run_ingest
from services.ingest.config import IngestSettings
from snowlight.config import ClusterSettings
from snowlight.runtime import build_runtime, run_process


def main() -> None:
    """`python -m services.ingest`, configured by `SNOWLIGHT_*` and `SNOWLIGHT_INGEST_*`."""
    run_process(
        lambda: build_runtime("ingest", ClusterSettings()),
        lambda runtime: run_ingest(runtime, IngestSettings()),
    )


if __name__ == "__main__":
    main()
