"""A worker that cannot be started for a moment, beside others that run."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.ingest import workers
from tests.waiting import eventually

TELLS_ITS_PID = """#!/bin/sh
echo $$ > "$FOLDER/$NAME-$$"
exec sleep 600
"""


async def test_one_that_does_not_start_is_tried_again_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text(TELLS_ITS_PID)
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(workers, "RESTART_SECONDS", (0.05, 0.05))

    def started(name: str) -> list[int]:
        return [int(told.read_text()) for told in tmp_path.glob(f"{name}-*") if told.read_text()]

    async def has_run(name: str, times: int) -> None:
        async def is_so() -> bool:
            return len(started(name)) == times

        await eventually(is_so)

    running = asyncio.create_task(
        workers.run_workers([{"NAME": name, "FOLDER": str(tmp_path)} for name in ("one", "other")])
    )
    try:
        await has_run("one", 1)
        await has_run("other", 1)
        with capture_logs() as logs:
            program.rename(tmp_path / "away")
            os.kill(started("one")[0], signal.SIGKILL)

            async def is_missed() -> bool:
                return any(log["event"] == "worker.not_started" for log in logs)

            await eventually(is_missed)
        (tmp_path / "away").rename(program)
        await has_run("one", 2)
        assert len(started("other")) == 1
        os.kill(started("other")[0], 0)
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert running.cancelled()
