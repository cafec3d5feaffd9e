"""Exports rendered by a process that may be killed, ended by hand, and swept when their time is over."""

import os
import signal
from pathlib import Path

import pytest

from snowlight.api.storage.v1 import export_pb2
from snowlight.clock import SystemClock
from snowlight.evidence.verification import verify
from tests.parts.minio import MinioServer
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.erasing import Erasing, Erasure
from tests.rpc.storage.exporting import KEY, MINUTE_MS, START_MS, Desk
from tests.rpc.storage.least_rights import restricted
from tests.rpc.storage.reconciling import run_until_killed
from tests.rpc.storage.rendering import BURNT_IN, EXACT, KEY_FRAME, filmed_storage, renderers
from tests.unit.storage.filmed import see
from tests.waiting import eventually

SUCCEEDED, CANCELLED = export_pb2.Export.SUCCEEDED, export_pb2.Export.CANCELLED


@pytest.fixture
def evidence(cluster: Cluster) -> Path:
    return cluster.data_dir / "evidence"


async def one_renders(but: int = 0) -> int:
    """The process, once there is one."""

    async def is_there() -> bool:
        return bool(renderers() - {but})

    await eventually(is_there)
    return next(iter(renderers() - {but}))


async def none_renders() -> None:
    async def is_gone() -> bool:
        return not renderers()

    await eventually(is_gone)


async def test_an_exact_export_is_as_long_as_its_window_but_for_gaps(
    cluster: Cluster, evidence: Path
) -> None:
    async with filmed_storage(cluster) as desk:
        start_ms, end_ms = START_MS + 30_500, START_MS + 3 * MINUTE_MS + 10_000
        created = await desk.create("a", "b", rendering=EXACT, start_ms=start_ms, end_ms=end_ms)
        export = await desk.ended(created.name)
    assert (export.error, export.state) == ("", SUCCEEDED)
    first, second = export.files
    assert (first.camera_uid, first.duration_ms) == ("a", 99_500)
    assert (first.start_ms, first.end_ms) == (start_ms, end_ms)
    assert (second.camera_uid, second.duration_ms) == ("b", 29_500)
    verdict = verify(evidence / export.manifest_key, KEY)
    assert verdict.problems == []
    assert (verdict.rendered, verdict.objects) == (2, 4)
    parts = verdict.manifest.cameras[0].rendered[0].parts
    assert [part.offset_ms for part in parts] == [0, 89_500]
    assert len(see(evidence / f"exp/{export.name[8:]}" / first.file).numbers) == 99_500 // 40 + 1


async def test_a_renderer_that_is_killed_is_started_anew(cluster: Cluster, evidence: Path) -> None:
    async with filmed_storage(cluster) as desk:
        created = await desk.create("a", rendering=BURNT_IN)
        killed = await one_renders()
        os.kill(killed, signal.SIGKILL)
        assert await one_renders(but=killed) != killed
        export = await desk.ended(created.name)
    assert (export.error, export.state) == ("", SUCCEEDED)
    assert [file.duration_ms for file in export.files] == [150_000]
    assert verify(evidence / export.manifest_key, KEY).problems == []


async def test_a_storage_that_is_killed_takes_its_renderer_along_and_the_next_one_finishes(
    cluster: Cluster, evidence: Path
) -> None:
    async with filmed_storage(cluster) as desk:
        name = (await desk.create("a", "b", end_ms=START_MS + MINUTE_MS, rendering=BURNT_IN)).name
        await one_renders()
    await none_renders()
    for step in ("export.upload", "export.rendered", "export.manifest"):
        await run_until_killed(cluster, step, 1)
        await none_renders()
    async with cluster.storage(), cluster.channel() as channel:
        export = await Desk(channel).ended(name)
    assert (export.error, export.state) == ("", SUCCEEDED)
    assert [(file.camera_uid, file.duration_ms) for file in export.files] == [("a", 30_000), ("b", 30_000)]
    assert verify(evidence / export.manifest_key, KEY).problems == []
    assert len(list((evidence / f"exp/{name[8:]}/rendered").iterdir())) == 2


async def test_whoever_ends_an_export_ends_its_renderer(cluster: Cluster, evidence: Path) -> None:
    async with filmed_storage(cluster) as desk:
        created = await desk.create("a", rendering=BURNT_IN)
        await one_renders()
        cancelled = await desk.exports.CancelExport(export_pb2.CancelExportRequest(name=created.name))
        assert cancelled.state == CANCELLED
        await none_renders()
        await desk.lets_go()
        assert (await desk.get(created.name)).state == CANCELLED
    assert not (evidence / f"exp/{created.name[8:]}" / "rendered").exists()
    assert not (evidence / created.manifest_key).is_file()


async def test_in_a_bucket_that_locks_all_rendered_files_are_free_in_minutes(
    postgres_url: str, minio_server: MinioServer, tmp_path: Path
) -> None:
    root = minio_server.store("rendered-village")
    cluster = Cluster(postgres_url, tmp_path, await restricted(root, tmp_path))
    client, bucket = minio_server.client(), "rendered-village-evidence"
    async with filmed_storage(cluster, root) as desk:
        export = await desk.ended((await desk.create("a", rendering=KEY_FRAME)).name)
    assert (export.error, export.immutable, len(export.files)) == ("", True, 1)
    locked_for: dict[str, float] = {}
    for each in client.list_objects(bucket_name=bucket, prefix=f"exp/{export.name[8:]}/", recursive=True):
        name = str(each.object_name)
        kept = client.get_object_retention(bucket_name=bucket, object_name=name)
        assert kept is not None
        locked_for[name] = kept.retain_until_date.timestamp() - SystemClock().now_ms() / 1000
    assert len(locked_for) == 6, "three objects, one rendered file, the manifest and its signature"
    rendered = locked_for.pop(f"exp/{export.name[8:]}/{export.files[0].file}")
    assert rendered <= 300
    assert min(locked_for.values()) > 360 * 86_400


async def test_erased_footage_goes_from_rendered_files_too(cluster: Cluster, evidence: Path) -> None:
    async with filmed_storage(cluster) as desk, cluster.channel() as channel:
        export = await desk.ended((await desk.create("a", "b", rendering=KEY_FRAME)).name)
        await desk.lets_go()
        await Erasing(channel).until(Erasure.DONE)
    left = [path.name for path in (evidence / f"exp/{export.name[8:]}/rendered").iterdir()]
    assert left == [export.files[1].file.rpartition("/")[2]]
