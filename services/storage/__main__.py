"""`snowlight storage`: one storage process."""

from services.storage.app import run_storage
from services.storage.config import StorageSettings
from snowlight.config import ClusterSettings
from snowlight.runtime import build_runtime, run_process


def main() -> None:
    """Run storage until SIGTERM."""
    run_process(
        lambda: build_runtime("storage", ClusterSettings()),
        lambda runtime: run_storage(runtime, StorageSettings()),
    )


if __name__ == "__main__":
    main()
