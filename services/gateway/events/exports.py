"""How exports get on, asked of storage while anybody listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from services.gateway.cameras.happenings import to_body
from services.gateway.peers import CALL_TIMEOUT_S, STORAGE, Peers
from snowlight.api.storage.v1 import export_pb2
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors

ASK_S = 1.0
NEWEST = 200
"""Exports that are looked at."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ExportNews:
    """How one export is, since the board's `version`."""

    owner: str
    body: bytes
    version: int


class ExportBoard:
    """The newest exports as they are. Enter `run` in a task."""

    def __init__(self, peers: Peers, on_news: Callable[[], None]) -> None:
        self._peers = peers
        self._on_news = on_news
        self._exports: dict[str, ExportNews] = {}
        self._version = 0
        self._listeners = 0
        self._wanted = asyncio.Event()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Inside, storage is asked."""
        self._listeners += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._wanted.clear()

    def after(self, version: int, owner: str) -> list[ExportNews]:
        """Somebody's own exports that have changed since, in that order."""
        found = [one for one in self._exports.values() if one.owner == owner and one.version > version]
        return sorted(found, key=lambda one: one.version)

    async def run(self) -> None:
        """Ask again and again until cancelled."""
        while True:
            await self._wanted.wait()
            try:
                await self._ask()
            except SnowlightError as error:
                log.info("events.exports_unknown", error=error.code)
            await asyncio.sleep(ASK_S)

    async def _ask(self) -> None:
        with remote_errors(STORAGE):
            answer = await self._peers.exports.ListExports(
                export_pb2.ListExportsRequest(page_size=NEWEST), timeout=CALL_TIMEOUT_S
            )
        before, self._exports = self._exports, {}
        version = self._version
        for export in reversed(answer.exports):
            body = to_body(
                {
                    "name": export.name,
                    "state": export_pb2.Export.State.Name(export.state),
                    "phase": export_pb2.Export.Phase.Name(export.phase),
                    "percent": export.percent,
                    "bytes_done": export.bytes_done,
                    "bytes_total": export.bytes_total,
                    "error": export.error,
                }
            )
            known = before.get(export.name)
            if known is None or known.body != body:
                self._version += 1
                known = ExportNews(export.created_by, body, self._version)
            self._exports[export.name] = known
        if self._version != version:
            self._on_news()
