"""The admin port: /healthz, /readyz and /metrics. Not for the public network."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest


class Health:
    """Whether this process serves. Each service names its conditions; ready means all of them hold."""

    def __init__(self) -> None:
        self._conditions: dict[str, Callable[[], bool]] = {}
        self.stopping = False

    def require(self, name: str, condition: Callable[[], bool]) -> None:
        """Make `condition` part of readiness, under `name`."""
        self._conditions[name] = condition

    def conditions(self) -> dict[str, bool]:
        """Each condition by name, and whether it holds now."""
        return {name: holds() for name, holds in self._conditions.items()}

    def waiting_for(self) -> list[str]:
        """Names of the conditions that do not hold; empty when ready."""
        if self.stopping:
            return ["stopping"]
        return [name for name, holds in self.conditions().items() if not holds]


@asynccontextmanager
async def serve_admin(listen: str, registry: CollectorRegistry, health: Health) -> AsyncIterator[int]:
    """Serve the admin port while the context is open. Yields the port bound."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_request: web.Request) -> web.Response:
        waiting = health.waiting_for()
        return web.json_response(
            {"ready": not waiting, "waiting_for": waiting}, status=503 if waiting else 200
        )

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), content_type="text/plain", charset="utf-8")

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        host, _, port = listen.rpartition(":")
        site = web.TCPSite(runner, host, int(port))
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
