"""Hearing at once what another process of auth revokes: PostgreSQL's LISTEN, on a connection of its own."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.auth.repository.revocations import CHANNEL

CONNECT_TIMEOUT_S = 5.0
RETRY_S = 1.0
PROBE_S = 5.0
"""How often the connection is tried: one whose server is gone without a word would be silent for ever."""

log = structlog.get_logger(__name__)


async def listen(engine: AsyncEngine, notified: Callable[[], None]) -> None:
    """Call `notified` at each notification, and after each reconnect, until cancelled."""
    while True:
        try:
            await _listen_once(engine, notified)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
            log.info("revocations.not_listening", error=type(error).__name__)
        await asyncio.sleep(RETRY_S)


async def _listen_once(engine: AsyncEngine, notified: Callable[[], None]) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url, timeout=CONNECT_TIMEOUT_S)
    try:
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _connection: closed.set())
        await connection.add_listener(CHANNEL, _ignoring_arguments(notified))
        notified()  # what was told while nobody listened
        while not closed.is_set():
            try:
                async with asyncio.timeout(PROBE_S):
                    await closed.wait()
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=CONNECT_TIMEOUT_S)
    finally:
        connection.terminate()


def _ignoring_arguments(notified: Callable[[], None]) -> Callable[..., None]:
    def heard(*_arguments: Any) -> None:
        notified()

    return heard
