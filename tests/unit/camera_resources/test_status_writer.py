"""Statuses that are written at once, of which some may be and others may not."""

import asyncio
from collections.abc import Mapping
from typing import Any

from structlog.testing import capture_logs

from services.ingest.camera_resources.status_writer import StatusWriter
from snowlight.errors import PermissionDeniedError
from tests.waiting import eventually

WANTED = {"state": "ONLINE"}


class ApiServer:
    """Takes the status of whatever is in `allowed`. It is the copy of all objects, too."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = set(allowed)
        self.written: set[str] = set()

    async def patch(self, path: str, patch: Mapping[str, Any]) -> dict[str, Any]:
        if path not in self.allowed:
            raise PermissionDeniedError("kubernetes.Forbidden", "cameras/status may not be patched")
        self.written.add(path)
        return {"metadata": {"name": path}, "status": patch["status"]}

    def get(self, name: str) -> dict[str, Any]:
        return {"metadata": {"name": name}, "status": WANTED if name in self.written else {}}

    def put(self, manifest: Mapping[str, Any]) -> None:
        pass


async def test_what_may_not_be_written_is_told_once_though_the_right_comes_in_the_middle() -> None:
    server = ApiServer()
    writer = StatusWriter(server, lambda name: name, server, lambda name: WANTED)  # type: ignore[arg-type]
    names = ["gate", "yard", "lane"]
    with capture_logs() as lines:
        for name in names:
            writer.write(name)
        running = asyncio.create_task(writer.run())
        try:
            await eventually(lambda: told(lines))
            server.allowed = {"yard"}  # as when it is given while the others are on their way
            await eventually(lambda: is_written(server, "yard"))
            server.allowed = set(names)
            await eventually(lambda: is_written(server, *names))
        finally:
            running.cancel()
    assert [line["event"] for line in lines] == ["resources.statuses_unwritten"]


async def told(lines: list[Any]) -> bool:
    return bool(lines)


async def is_written(server: ApiServer, *names: str) -> bool:
    return server.written >= set(names)
