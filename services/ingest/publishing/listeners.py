"""The ports at which cameras publish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import structlog

from services.ingest.publishing.admission import Admission, CheckKey
from services.ingest.publishing.desk import PublishDesk
from services.ingest.publishing.doorway import Doorway
from services.ingest.publishing.forwarding.forwarder import Forwarder
from services.ingest.publishing.metrics import PublishingMetrics
from services.ingest.publishing.registered import RegisteredPublishers
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.source import SourceSettings
from snowlight.errors import FailedPreconditionError

_BACKLOG = 256

log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_listeners(
    desk: PublishDesk,
    publishers: RegisteredPublishers,
    check_key: CheckKey,
    forwarder: Forwarder,
    rounds: ReadRounds,
    metrics: PublishingMetrics,
    *,
    rtmp: str | None,
    rtsp: str | None,
    shared: bool = False,
    settings: SourceSettings | None = None,
) -> AsyncIterator[None]:
    """Cameras may publish inside at the addresses HOST:PORT that are given. Raises FailedPreconditionError
    when one cannot be listened on.

    `shared`: other workers of this machine listen there as well (SO_REUSEPORT), and a camera comes to any.
    """
    most = (settings or SourceSettings()).max_access_unit
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        asking: set[asyncio.Task[None]] = set()

        def start(work: Coroutine[Any, Any, None]) -> None:
            task = group.create_task(work)
            asking.add(task)
            task.add_done_callback(asking.discard)

        doorway = Doorway(Admission(desk, check_key, publishers, forwarder.place), start, metrics)
        beside = [group.create_task(desk.end_revoked()), group.create_task(forwarder.run())]
        try:
            if rtmp:
                # Each is loaded only where it is spoken.
                from services.ingest.publishing.rtmp.connection import RtmpConnection

                await stack.enter_async_context(
                    _listening("rtmp", rtmp, shared, lambda: RtmpConnection(doorway, most))
                )
            if rtsp:
                from services.ingest.publishing.rtsp import RtspPublisher

                await stack.enter_async_context(
                    _listening("rtsp", rtsp, shared, lambda: RtspPublisher(doorway, rounds, most).connection)
                )
            yield
        finally:
            doorway.close()
            for task in (*beside, *asking):
                task.cancel()


@asynccontextmanager
async def _listening(
    protocol: str, address: str, shared: bool, factory: Callable[[], asyncio.BaseProtocol]
) -> AsyncIterator[None]:
    host, _, port = address.rpartition(":")
    try:
        server = await asyncio.get_running_loop().create_server(
            factory, host.strip("[]"), int(port), backlog=_BACKLOG, reuse_port=shared
        )
    except OSError as error:
        raise FailedPreconditionError(
            f"config.publish_{protocol}_listen", f"cannot listen on {address}"
        ) from error
    log.info("publishing.listening", protocol=protocol, address=address)
    try:
        yield
    finally:
        server.close()
