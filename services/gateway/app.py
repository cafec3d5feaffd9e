"""Puts the gateway together and serves it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from aiohttp import web

from services.gateway.access.door import open_door
from services.gateway.cameras.feed import follow_cameras
from services.gateway.cameras.journal import CameraJournal
from services.gateway.cameras.read_model import CameraModel
from services.gateway.config import GatewaySettings
from services.gateway.events.exports import ExportBoard
from services.gateway.http.bounds import Bounds, room_for_connections
from services.gateway.http.connection import SiteRunner
from services.gateway.http.express import Express
from services.gateway.live.express import LiveExpress
from services.gateway.live.hub import LiveHubs
from services.gateway.metrics import GatewayMetrics
from services.gateway.peers import open_peers
from services.gateway.pictures import open_pictures
from services.gateway.site import build_site
from services.gateway.viewing.viewing import open_viewing
from snowlight.background import running
from snowlight.errors import FailedPreconditionError
from snowlight.object_store import open_store, open_stores
from snowlight.runtime import Runtime

log = structlog.get_logger(__name__)


@asynccontextmanager
async def run_gateway(runtime: Runtime, settings: GatewaySettings) -> AsyncIterator[None]:
    """Serve people while the context is open. Starts without its peers: what needs an absent one answers 503.

    Raises FailedPreconditionError when the address is taken.
    """
    cameras, journal = CameraModel(), CameraJournal()
    data_dir = runtime.cluster.data_dir
    stores = open_stores(settings.store, data_dir)
    evidence = open_store(settings.evidence.store(settings.store, data_dir), data_dir)
    metrics = GatewayMetrics(runtime.registry)
    runtime.health.require("gateway.cameras", lambda: cameras.synced)
    async with AsyncExitStack() as stack:
        peers = await stack.enter_async_context(open_peers(runtime))
        viewing = open_viewing(
            peers,
            runtime.clock,
            known_tickets=settings.known_tickets,
            sending_bytes=settings.sending_bytes,
        )
        exports = ExportBoard(peers, journal.tell)
        hubs = LiveHubs(peers, runtime.clock, viewing.revocations, metrics, idle_s=settings.live_idle_seconds)
        runtime.health.require("gateway.revocations", lambda: viewing.revocations.synced)
        await stack.enter_async_context(
            running(
                follow_cameras(peers, cameras, journal),
                peers.workers.follow(),
                exports.run(),
                hubs.run(),
                *viewing.work(peers),
            )
        )
        stack.push_async_callback(viewing.finish)
        pictures = open_pictures(peers, cameras, hubs, stores, settings, runtime.clock)
        site = build_site(
            runtime,
            settings,
            peers,
            cameras,
            journal,
            exports,
            hubs,
            pictures,
            viewing,
            metrics,
            stores,
            evidence,
        )
        express = LiveExpress(viewing.desk, cameras, hubs, viewing.sending, metrics)
        await stack.enter_async_context(
            open_door(
                runtime,
                settings.access,
                peers,
                cameras,
                journal,
                exports,
                viewing,
                pictures,
                metrics,
                evidence,
            )
        )
        port = await stack.enter_async_context(_serve(site, express, settings, runtime.cluster.drain_seconds))
        log.info("gateway.listening", address=settings.listen, port=port)
        yield


@asynccontextmanager
async def _serve(
    site: web.Application, express: Express, settings: GatewaySettings, drain_s: float
) -> AsyncIterator[int]:
    bounds = Bounds(
        settings.head_seconds, settings.idle_seconds, room_for_connections(settings.max_connections)
    )
    behind_proxy = settings.behind_proxy
    runner = SiteRunner(
        site, express, bounds, behind_proxy=behind_proxy, access_log=None, shutdown_timeout=drain_s
    )
    await runner.setup()
    try:
        listen = settings.listen
        host, _, port = listen.rpartition(":")
        try:
            await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        except OSError as error:
            raise FailedPreconditionError("config.listen", f"cannot listen on {listen}") from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
