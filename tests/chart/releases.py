"""Releases of the chart on an API server, made as Helm makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml
from helm_python import Config

from tests.chart.rendering import CHART, Manifest

TIMEOUT_S = 120

EMBEDDED: Mapping[str, Any] = yaml.safe_load((CHART / "examples/town-59-cameras.yaml").read_text("utf-8"))
"""The values of a first try: a database and an object store of the chart's own."""
_KEYS = {"accessKey": "a-key", "secretKey": "a-secret"}
EXTERNAL: Mapping[str, Any] = {
    "databases": {
        service: {"url": f"postgresql+asyncpg://snowlight:secret@db.example/{service}"}
        for service in ("auth", "storage", "ingest")
    },
    "objectStore": {
        "url": "s3://footage",
        "endpoint": "https://minio.example:9000",
        "keys": {"ingest": _KEYS, "storage": _KEYS, "gateway": _KEYS},
    },
    "tls": {"certManager": {"enabled": True}},
    "monitoring": {"podMonitor": {"enabled": True}, "rules": {"enabled": True}},
}
"""The values of a county that has both, and the operators of certificates and of metrics."""


class Releases:
    """Of one namespace. What is made is waited for until it is ready; a failure is a HelmError."""

    def __init__(self, kubeconfig: Path, namespace: str) -> None:
        self.namespace = namespace
        self._config = Config(kubeconfig_path=kubeconfig, namespace=namespace)

    def __enter__(self) -> Releases:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._config.close()

    async def install(
        self, values: Mapping[str, Any], *, release: str = "snowlight", chart: Path = CHART
    ) -> None:
        """As `helm install --wait`."""
        await asyncio.to_thread(
            self._config.install,
            chart,
            release,
            dict(values),
            namespace=self.namespace,
            wait="watcher",
            timeout=TIMEOUT_S,
        )

    async def upgrade(
        self,
        values: Mapping[str, Any],
        *,
        release: str = "snowlight",
        chart: Path = CHART,
        until_ready: bool = True,
    ) -> None:
        """As `helm upgrade --wait`; else it returns when the objects are there and the hooks are done."""
        await asyncio.to_thread(
            self._config.upgrade,
            chart,
            release,
            dict(values),
            namespace=self.namespace,
            wait="watcher" if until_ready else "hookOnly",
            timeout=TIMEOUT_S,
        )

    async def roll_back(self, *, release: str = "snowlight") -> None:
        """To the revision before."""
        await asyncio.to_thread(self._config.rollback, release, wait="watcher", timeout=TIMEOUT_S)

    async def uninstall(self, release: str = "snowlight") -> None:
        """Returns once what it has made is gone."""
        await asyncio.to_thread(self._config.uninstall, release, wait="watcher", timeout=TIMEOUT_S)

    def manifests(self, release: str = "snowlight") -> list[Manifest]:
        """What the last revision has made, hooks aside."""
        text = self._config.status(release)["manifest"]
        return [manifest for manifest in yaml.safe_load_all(text) if manifest]

    def revisions(self, release: str = "snowlight") -> int:
        """How many there have been."""
        return len(self._config.history(release))

    def names(self) -> Sequence[str]:
        """Of all releases, those that failed included."""
        return [release["name"] for release in self._config.list(all_states=True)]
