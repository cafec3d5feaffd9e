"""`python -m bench [NAME] [OPTIONS]`: one benchmark by its name, that of ingest when none is given."""

import importlib
import sys

NAMES = (
    *("ingest", "put", "storage", "rebuild", "reconcile", "sweep"),
    *("decision", "tickets", "audit", "serving", "viewers", "imports"),
    *("latency", "archive", "wall", "receive", "transcode", "soak", "takeover", "start"),
    *("camera_resources", "scaling", "tracing", "door_recording"),
)


def main() -> None:
    """Run what is named."""
    name = "ingest"
    if len(sys.argv) > 1 and sys.argv[1] in NAMES:
        name = sys.argv.pop(1)
    importlib.import_module(f"bench.{name}").main()


if __name__ == "__main__":
    main()
