"""What talks to the API server bears what a real one does: it refuses, throttles, cuts off and is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from services.ingest.kubernetes.client import open_kubernetes
from services.ingest.kubernetes.credentials import ServiceAccount
from services.ingest.kubernetes.metrics import KubernetesMetrics
from snowlight.errors import UnauthenticatedError, UnavailableError
from tests.chart.accounts import IngestAccount
from tests.chart.camera_resources import (
    LONG_S,
    Resources,
    bringing_in,
    until_registered,
)
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.parts.kubernetes.proxy import ApiProxy, run_api_proxy
from tests.parts.kubernetes.rest import KubernetesRest
from tests.rpc.ingest.conftest import Registry
from tests.waiting import eventually

REQUESTS = "snowlight_ingest_kubernetes_requests_total"


@pytest.fixture
async def proxy(kube_apiserver: KubeApiserver) -> AsyncIterator[ApiProxy]:
    async with run_api_proxy(kube_apiserver) as proxy:
        yield proxy


def forbidden(metrics: CollectorRegistry, method: str = "GET") -> float:
    """Requests that were answered 403."""
    return metrics.get_sample_value(REQUESTS, {"method": method, "status": "403"}) or 0


async def test_a_role_that_is_taken_away_is_told_once_and_work_goes_on_when_it_is_back(
    resources: Resources,
    registry: Registry,
    account: IngestAccount,
    proxy: ApiProxy,
    kube_apiserver: KubeApiserver,
) -> None:
    with capture_logs() as lines:
        async with bringing_in(
            registry, kube_apiserver, resources.namespace, token=await account.token(), url=proxy.url
        ) as metrics:
            await resources.create("before")
            await resources.until_synced("before")
            await account.take_role()

            async def is_refused() -> bool:
                proxy.cut()  # a watch that has begun goes on, whatever becomes of the role
                return forbidden(metrics) >= 6

            await eventually(is_refused, LONG_S)
            await resources.create("meanwhile")
            await account.give_role()
            await resources.until_synced("meanwhile")
            await resources.delete("before")
            await resources.until_gone("before")
    told = [
        line["resources"]
        for line in lines
        if line["event"] == "resources.unwatched" and "Forbidden" in line["reason"]
    ]
    assert len(told) == len(set(told)) == 3  # Cameras, sites and Secrets


async def test_a_status_that_may_not_be_written_is_told_once_and_written_when_it_may(
    resources: Resources, registry: Registry, account: IngestAccount, kube_apiserver: KubeApiserver
) -> None:
    names = [f"gate-{number}" for number in range(40)]
    await account.allow("cameras/status")
    with capture_logs() as lines:
        async with bringing_in(
            registry, kube_apiserver, resources.namespace, token=await account.token()
        ) as metrics:
            for name in names:
                await resources.create(name)
            await until_registered(registry, *names)

            async def is_refused() -> bool:
                return forbidden(metrics, "PATCH") >= 3

            await eventually(is_refused, LONG_S)
            await account.allow("cameras/status", "patch")
            for name in names:
                await resources.until_synced(name)
    told = [line for line in lines if "Forbidden" in str(line.get("reason"))]
    assert [line["event"] for line in told] == ["resources.statuses_unwritten"]


async def test_a_server_that_asks_for_a_pause_is_left_alone_for_as_long(
    resources: Resources, registry: Registry, proxy: ApiProxy, kube_apiserver: KubeApiserver
) -> None:
    async with bringing_in(registry, kube_apiserver, resources.namespace, url=proxy.url):
        await resources.create("before")
        await resources.until_synced("before")
        began = len(proxy.asked)
        proxy.throttled, proxy.retry_after_s = 2, 3
        for number in range(10):
            await resources.create(f"gate-{number}")
        for number in range(10):
            await resources.until_synced(f"gate-{number}")
    asked = proxy.asked[began:]
    refused = [number for number, one in enumerate(asked) if one.status == 429]
    assert len(refused) == 2
    # Those that were on their way already come with the one that was refused; after it there is nothing.
    pauses = [after.at_s - before.at_s for before, after in pairwise(asked[refused[-1] :])]
    assert max(pauses) >= 2.9


async def test_watches_that_are_cut_off_at_any_moment_miss_nothing(
    resources: Resources, registry: Registry, proxy: ApiProxy, kube_apiserver: KubeApiserver
) -> None:
    async with bringing_in(registry, kube_apiserver, resources.namespace, url=proxy.url):
        await resources.create("gate-0")
        await resources.until_synced("gate-0")
        for number in range(1, 8):
            if number % 2:
                proxy.torn = 1
            else:
                assert proxy.cut()
            await resources.create(f"gate-{number}")
            await resources.until_synced(f"gate-{number}")
        assert not proxy.torn
        assert sum(one.is_watch and one.status == 200 for one in proxy.asked) >= 7
        lists = [one for one in proxy.asked if one.method == "GET" and not one.is_watch]
        assert len(lists) == 3  # Cameras, sites and Secrets, once each


async def test_watches_that_end_as_soon_as_they_begin_are_not_begun_all_the_time(
    resources: Resources, registry: Registry, proxy: ApiProxy, kube_apiserver: KubeApiserver
) -> None:
    proxy.ends_watches = True
    async with bringing_in(registry, kube_apiserver, resources.namespace, url=proxy.url):
        began_s = asyncio.get_running_loop().time()

        async def have_begun_often() -> bool:
            return sum(one.is_watch for one in proxy.asked) >= 9  # three of each

        await eventually(have_begun_often, LONG_S)
        assert asyncio.get_running_loop().time() - began_s >= 2
        proxy.ends_watches = False
        await resources.create("gate")
        await resources.until_synced("gate")


async def test_a_token_that_was_replaced_on_disk_is_read_anew_when_the_old_one_is_refused(
    kube_rest: KubernetesRest,
    kube_apiserver: KubeApiserver,
    namespace: str,
    account: IngestAccount,
    tmp_path: Path,
) -> None:
    secrets = f"/api/v1/namespaces/{namespace}/secrets"
    first = await kube_rest.create(secrets, {"metadata": {"name": "first"}})
    (tmp_path / "ca.crt").write_bytes(kube_apiserver.authority.read_bytes())
    (tmp_path / "token").write_text(await account.token(first))
    host, _, port = kube_apiserver.url.removeprefix("https://").rpartition(":")
    environment = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    metrics = KubernetesMetrics(CollectorRegistry())
    async with open_kubernetes(None, metrics, ServiceAccount(tmp_path, environment)) as client:
        assert (await client.get(secrets))["items"]
        await kube_rest.delete(f"{secrets}/first")  # as if it had expired

        async def is_refused() -> bool:
            try:
                await client.get(secrets)
            except UnauthenticatedError:
                return True
            return False

        await eventually(is_refused, LONG_S)  # the API server remembers tokens for some seconds
        (tmp_path / "token").write_text(await account.token())
        assert "items" in await client.get(secrets)


async def test_a_service_account_that_cannot_be_read_is_away(tmp_path: Path) -> None:
    account = ServiceAccount(tmp_path, {"KUBERNETES_SERVICE_HOST": "::1", "KUBERNETES_SERVICE_PORT": "443"})
    metrics = KubernetesMetrics(CollectorRegistry())
    for token, authority in (("", "x"), ("a-token", ""), ("a-token", "no certificate")):
        (tmp_path / "token").write_text(token)
        (tmp_path / "ca.crt").write_text(authority)
        with pytest.raises(UnavailableError, match=r"kubernetes\.not_configured"):
            async with open_kubernetes(None, metrics, account):
                pass
