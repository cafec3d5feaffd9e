"""Cameras are brought in whatever happens to the API server, and whoever does it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from prometheus_client import CollectorRegistry

from services.ingest.kubernetes.client import Event, KubernetesClient
from services.ingest.observer import SessionState
from tests.chart.camera_resources import (
    LONG_S,
    Resources,
    bringing_in,
    settled,
    until_registered,
)
from tests.parts.kubernetes.control_plane import KubeApiserver
from tests.rpc.ingest.conftest import Registry
from tests.waiting import eventually


async def test_an_api_server_that_restarts_in_the_middle(
    resources: Resources, registry: Registry, kube_apiserver: KubeApiserver
) -> None:
    names = [f"gate-{number}" for number in range(60)]
    async with bringing_in(registry, kube_apiserver, resources.namespace):
        for name in names:
            await resources.create(name)
        await until_registered(registry, names[0])
        await asyncio.to_thread(kube_apiserver.restart)
        for name in names:
            await resources.until_synced(name)
        await resources.create("after")
        await resources.until_synced("after")
        await resources.delete(names[0])
        await resources.until_gone(names[0])
    assert set(await registry.cameras.find([*names, "after"])) == {*names[1:], "after"}


class OutOfDate(KubernetesClient):
    """Its first watches begin at a version that the server has long forgotten."""

    forgotten = 0

    async def watch(
        self,
        path: str,
        resource_version: str,
        query: Mapping[str, str] | None = None,
        on_begun: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[Event, None]:
        if self.forgotten < 3:
            self.forgotten += 1
            resource_version = "1"
        async with aclosing(super().watch(path, resource_version, query, on_begun)) as events:
            async for event in events:
                yield event


async def test_a_watch_that_has_expired_begins_with_a_list(
    resources: Resources, registry: Registry, kube_apiserver: KubeApiserver
) -> None:
    await resources.create("before")
    async with bringing_in(registry, kube_apiserver, resources.namespace, client_of=OutOfDate) as metrics:
        await resources.until_synced("before")
        await resources.create("after")
        await resources.until_synced("after")
        assert metrics.get_sample_value("snowlight_ingest_camera_resources", {"synced": "true"}) == 2


async def test_what_was_deleted_while_nobody_watched(
    resources: Resources, registry: Registry, kube_apiserver: KubeApiserver
) -> None:
    await resources.create("gate")
    async with bringing_in(registry, kube_apiserver, resources.namespace):
        await resources.until_synced("gate")
    await resources.delete("gate")
    await settled(1)
    assert await resources.rest.exists(f"{resources.cameras}/gate")
    async with bringing_in(registry, kube_apiserver, resources.namespace):
        await resources.until_gone("gate")
    assert await registry.cameras.find(["gate"]) == {}


async def test_others_that_write_the_same_resources_all_the_time(
    resources: Resources, registry: Registry, kube_apiserver: KubeApiserver
) -> None:
    names = [f"gate-{number}" for number in range(10)]

    async def disturb(name: str) -> None:
        for number in range(10_000):
            await resources.rest.patch(
                f"{resources.cameras}/{name}", {"metadata": {"labels": {"seen": str(number)}}}
            )

    async with bringing_in(registry, kube_apiserver, resources.namespace):
        for name in names:
            await resources.create(name)
        storm = [asyncio.create_task(disturb(name)) for name in names]
        try:
            for name in names:
                await resources.until_synced(name)
        finally:
            for task in storm:
                task.cancel()
            await asyncio.wait(storm)
        for name in names:
            await resources.delete(name)
        for name in names:
            await resources.until_gone(name)
    assert await registry.cameras.find(names) == {}


class Duty:
    """Whose turn it is."""

    def __init__(self) -> None:
        self.owners = {"first"}

    def of(self, worker: str) -> Callable[[], bool]:
        return lambda: worker in self.owners


async def test_the_duty_changes_hands_in_the_middle_and_the_old_owner_does_nothing_more(
    resources: Resources, registry: Registry, kube_apiserver: KubeApiserver
) -> None:
    duty, namespace = Duty(), resources.namespace
    names = [f"gate-{number}" for number in range(60)]
    async with (
        bringing_in(registry, kube_apiserver, namespace, has_duty=duty.of("first")) as old,
        bringing_in(registry, kube_apiserver, namespace, has_duty=duty.of("second")),
    ):
        for name in names:
            await resources.create(name)
        await until_registered(registry, names[0])
        duty.owners = {"second"}
        for name in names:
            await resources.until_synced(name)
        before = asked(old)
        await resources.change("gate-1", displayName="West gate")
        await resources.until_synced("gate-1")
        await settled(1)
        assert asked(old) == before
    assert len(await registry.cameras.find(names)) == len(names)


async def test_two_that_think_it_is_theirs_do_no_harm(
    resources: Resources, registry: Registry, kube_apiserver: KubeApiserver
) -> None:
    names = [f"gate-{number}" for number in range(40)]
    namespace = resources.namespace
    async with (
        bringing_in(registry, kube_apiserver, namespace),
        bringing_in(registry, kube_apiserver, namespace),
    ):
        for name in names:
            await resources.create(name)
        for name in names:
            await resources.until_synced(name)
        known = await registry.cameras.find(names)

        async def are_told() -> bool:
            return all([(await resources.status(name))["uid"] == known[name].uid for name in names])

        await eventually(are_told, LONG_S)
        await settled()
        revision = registry.feed.head
        await settled()
        assert registry.feed.head == revision  # they agree, and undo nothing of one another's
        for name in names:
            await resources.delete(name)
        for name in names:
            await resources.until_gone(name)
    assert await registry.cameras.find(names) == {}


async def test_thousands_that_come_and_go_at_once_are_told_a_few_at_a_time(
    resources: Resources, registry: Registry, kube_apiserver: KubeApiserver
) -> None:
    names = [f"gate-{number}" for number in range(100)]
    async with bringing_in(registry, kube_apiserver, resources.namespace) as metrics:
        for name in names:
            await resources.create(name, enabled=True)
        for name in names:
            await resources.until_synced(name)
        await settled()
        before = asked(metrics)
        begun = asyncio.get_running_loop().time()
        observers = [
            registry.board.session(record.uid, record.name)
            for record in (await registry.cameras.find(names)).values()
        ]
        for turn in range(20):
            state: SessionState = "online" if turn % 2 == 0 else "offline"
            for observer in observers:
                observer.on_state(state, "", 1_800_000_000_000 + turn)
            await asyncio.sleep(0.1)
        took_s = asyncio.get_running_loop().time() - begun
        assert asked(metrics) - before <= 20 * (took_s + 1)  # and not the 2,000 that they are


def asked(metrics: CollectorRegistry) -> float:
    """Requests to the API server so far."""
    return sum(
        sample.value
        for family in metrics.collect()
        for sample in family.samples
        if sample.name == "snowlight_ingest_kubernetes_requests_total"
    )
