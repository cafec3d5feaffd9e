"""A storage process that is killed as it reaches a step: `python -m tests.rpc.storage.killed STEP TIMES`."""

import os
import signal
import sys
from dataclasses import replace

from services.storage.app import run_storage
from services.storage.config import StorageSettings
from snowlight.config import ClusterSettings
from snowlight.runtime import build_runtime, run_process


def main(step: str, times: int) -> None:
    """SIGKILL at the step's `times`th time; SIGTERM ends it as ever."""
    left = times

    def reached(name: str) -> None:
        nonlocal left
        left -= name == step
        if name == step and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    run_process(
        lambda: replace(build_runtime("storage", ClusterSettings()), reached=reached),
        lambda runtime: run_storage(runtime, StorageSettings()),
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
