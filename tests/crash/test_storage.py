"""Storage is killed at each of its steps, and goes on where it was: nothing is lost, nothing is doubled, what
is held stays, what is expired goes."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import grpc
import pytest
from minio.error import S3Error

from snowlight.evidence.verification import verify
from tests.crash.child import Child, child
from tests.crash.estate import CAMERAS, Estate, Plan, allow, ask_for_exports, make_estate
from tests.crash.witness import Witness, holes
from tests.parts.minio import MinioServer
from tests.parts.postgres import PostgresServer
from tests.rpc.storage.conftest import Cluster

QUICK = {
    "grace_seconds": 0.0,
    "unpack_seconds": 0.0,
    "sweep_seconds": 0.2,
    "sweep_batch": 2,
    "sweep_workers": 2,
    "sweep_pause_seconds": 0.0,
    "pack_after_hours": 24.0,
    "pack_seconds": 0.2,
    "pack_pause_seconds": 0.0,
    "probe_seconds": 0.2,
    "catalogue_seconds": 0.1,
    "reconcile_first_seconds": 0.0,
    "export_wait_seconds": 0.0,
    "reconcile_hours": 0.5 / 3600,
    "reconcile_grace_seconds": 0.0,
}
LATER = {
    "sweep.bury": 1,  # one statement buries all of a camera
    "sweep.doom": 3,
    "sweep.delete_object": 3,
    "sweep.delete_row": 3,
    "sweep.unpack": 3,
    "sweep.delete_index_object": 2,
    "pack.put_index_object": 3,
    "pack.switch": 3,
    "pack.delete_old": 2,
    "export.copy": 6,
    "export.manifest": 2,
    "catalogue.put": 4,
    "reconcile.adopt": 2,
    "reconcile.lose": 2,
}
CASES = [(step, time) for step, later in LATER.items() for time in sorted({1, later})]
SETTLED_S = 60


@pytest.fixture(scope="module")
def estate(
    postgres_server: PostgresServer, minio_server: MinioServer, tmp_path_factory: pytest.TempPathFactory
) -> Estate:
    return asyncio.run(make_estate(postgres_server, minio_server, tmp_path_factory.mktemp("estate")))


@pytest.fixture
async def cluster(estate: Estate, tmp_path: Path) -> AsyncIterator[Cluster]:
    copied = await estate.copy(tmp_path)
    yield copied
    await estate.forget(copied)


@pytest.mark.parametrize(("step", "time"), CASES)
async def test_a_kill_of_storage_costs_nothing(
    step: str, time: int, estate: Estate, cluster: Cluster, minio_server: MinioServer, tmp_path: Path
) -> None:
    bucket = cluster.store.bucket
    assert bucket
    witness = Witness(cluster.database_url, minio_server.client(), bucket)
    evidence = Witness(cluster.database_url, minio_server.client(), f"{bucket}-evidence")
    async with cluster.ingest():
        environment = _environment(cluster, minio_server.environment(bucket))
        async with child(tmp_path / "storage.log", environment, "storage", step, str(time)) as storage:
            await _kill_while_exporting(cluster, estate.plan, storage)
        await check_after_the_kill(witness, estate.plan)
        await allow(cluster)
        async with cluster.storage(**QUICK), cluster.channel() as channel:
            await ask_for_exports(channel, estate.plan.exports)
            await _settle(witness, evidence, estate.plan)
    await check_settled(witness, estate.plan)
    await check_exports(evidence, estate.plan, tmp_path / "evidence")


def _environment(cluster: Cluster, store: Mapping[str, str]) -> dict[str, str]:
    quick = {f"SNOWLIGHT_STORAGE_{name.upper()}": str(value) for name, value in QUICK.items()}
    return {
        **cluster.environment,
        **store,
        **quick,
        "SNOWLIGHT_STORAGE_DATABASE_URL": cluster.database_url,
        "SNOWLIGHT_STORAGE_LISTEN": cluster.environment["SNOWLIGHT_STORAGE_ADDRESS"],
    }


async def _kill_while_exporting(cluster: Cluster, plan: Plan, storage: Child) -> None:
    """Exports are asked for as soon as storage answers, if it lives to hear of it."""

    async def ask() -> None:
        async with cluster.channel() as channel:
            await channel.channel_ready()
            with suppress(grpc.aio.AioRpcError):
                await ask_for_exports(channel, plan.exports)

    asking = asyncio.create_task(ask())
    try:
        await storage.killed()
    finally:
        asking.cancel()
        await asyncio.wait([asking])


async def _settle(witness: Witness, evidence: Witness, plan: Plan) -> None:
    """Return once all is as it has to be in the end. Raises what is still amiss when it never is."""
    deadline = time.monotonic() + SETTLED_S
    while True:
        try:
            states = await evidence.query("SELECT state FROM exports")
            assert [state for (state,) in states] == ["succeeded"] * len(plan.exports)
            assert not await witness.query("SELECT id FROM outbox")
            await check_settled(witness, plan)
        except (AssertionError, LookupError, S3Error) as error:  # the last where an object was just replaced
            if time.monotonic() > deadline:
                raise AssertionError(f"not settled: {error}") from error
            await asyncio.sleep(0.3)
        else:
            return


async def check_after_the_kill(witness: Witness, plan: Plan) -> None:
    """Wherever it was: what is kept is there, known and told of once, and no object is nobody's."""
    known, objects = await witness.known(), witness.objects("rec/")
    times = Counter(each.key for each in known)
    assert not {key for key, count in times.items() if count > 1}, "something is known twice"
    told = {each.key for each in known if each.told}
    kept, lost = {each.key for each in plan.kept}, {each.key for each in plan.lost}
    assert kept <= told, "what is not expired, or held, is told of"
    assert told - lost <= set(objects), "people are told of nothing that is gone"
    nobodys = set(objects) - set(times)
    assert nobodys <= {each.key for each in plan.found}, "objects go before their rows"
    witness.check_objects(each for each in known if each.key in kept)
    rows = await witness.query("SELECT camera_uid FROM packed_days WHERE objects > 0")
    assert len(rows) <= len(witness.objects("idx/"))


async def check_settled(witness: Witness, plan: Plan) -> None:
    """Everything is where it belongs, in the bucket, in the tables and beside the footage."""
    known, objects = await witness.known(), witness.objects("rec/")
    expected = {each.key: each for each in [*plan.kept, *plan.found]}
    assert Counter(each.key for each in known) == Counter(list(expected)), _difference(
        {each.key for each in known}, expected
    )
    assert all(each.told for each in known), "nothing waits to be deleted"
    assert set(objects) == set(expected), _difference(set(objects), expected)
    assert set(witness.objects("idx/")) == await witness.index_objects_of_rows()
    assert not witness.objects("aside/")
    await _check_packed(witness, plan)
    await _check_ledger(witness, plan)
    await _check_catalogue(witness)
    for each in known:
        data = expected[each.key].data
        assert witness.content(each.key) == data
        assert each.size == len(data)
        assert each.sha256 in (b"", sha256(data).digest())
        assert each.sha256 or each.key in {one.key for one in plan.found}


def _difference(found: set[str], expected: Mapping[str, object]) -> str:
    return f"missing {sorted(set(expected) - found)}, too much {sorted(found - set(expected))}"


async def _check_packed(witness: Witness, plan: Plan) -> None:
    """Days that are long over are packed, but for what is older than its retention."""
    live = {each.key for each in await witness.known() if each.place == "live"}
    packable = {each.key for each in [*plan.packed, *plan.late, *plan.to_pack, *plan.two_days_old]}
    assert not packable & live


async def _check_ledger(witness: Witness, plan: Plan) -> None:
    """What was lost is on record, and nothing else is said to be."""
    spans = [(start, end) for start, end, cause in await witness.ledger("lost") if cause == "lost_object"]
    for each in plan.lost:
        segment = each.segment
        assert not holes(spans, segment.start_ms, segment.start_ms + segment.duration_ms)
    assert sum(end - start for start, end in spans) == sum(each.segment.duration_ms for each in plan.lost)
    for uid in CAMERAS.keys() - {"lost"}:
        assert not await witness.ledger(uid)


async def _check_catalogue(witness: Witness) -> None:
    """All that a new database would need lies in the bucket."""
    assert not await witness.query("SELECT id FROM outbox")
    names = set(witness.objects("meta/"))
    assert {f"meta/cameras/{uid}.pb" for (uid,) in await witness.query("SELECT uid FROM cameras")} <= names
    assert {f"meta/holds/{number}.pb" for (number,) in await witness.query("SELECT id FROM holds")} <= names
    kept = witness.kept_ledger()
    for uid, start, end, cause in await witness.query("SELECT camera_uid, start_ms, end_ms, cause FROM gaps"):
        assert kept[uid, start] == (end, cause)


async def check_exports(evidence: Witness, plan: Plan, folder: Path) -> None:
    """Each is whole: all footage of its window, as its manifest says, signed."""
    exports = await evidence.query("SELECT id, state, camera_uids, start_ms FROM exports")
    assert len(exports) == len(plan.exports)
    for number, state, uids, start_ms in exports:
        assert state == "succeeded"
        (window,) = (
            each for each in plan.exports if (each.uid, each.start_ms) == (*json.loads(uids), start_ms)
        )
        wanted = {each.key: each for each in plan.kept if window.overlaps(each)}
        files = {key.removeprefix(f"exp/{number}/"): key for key in evidence.objects(f"exp/{number}/")}
        manifest = json.loads(evidence.content(files["manifest.json"]))
        told = {each["file"]: each for camera in manifest["cameras"] for each in camera["objects"]}
        assert {each["key"] for each in told.values()} == set(wanted)
        assert set(files) == {*told, "manifest.json", "manifest.json.jws"}
        for name, key in files.items():
            data = evidence.content(key)
            if name in told:
                assert data == wanted[told[name]["key"]].data
                assert sha256(data).hexdigest() == told[name]["sha256"]
            path = folder / number / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        assert not (await asyncio.to_thread(verify, folder / number / "manifest.json")).problems
