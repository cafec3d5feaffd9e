"""A camera's retention is a setting, and footage older than that leaves index and bucket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from pydantic import SecretStr

from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.config import ClusterSettings
from snowlight.media.fragment import ObjectKey
from snowlight.runtime import build_runtime
from tests.cluster.person import USERNAME, Person, add_duty_officer, now_ms, signed_in
from tests.cluster.recording import hand_on
from tests.cluster.stored import BucketStore, end_ms
from tests.cluster.village import H264_AAC, run_village
from tests.cluster.watching import expect_window
from tests.parts.callers import permitted_channel
from tests.parts.minio import MinioServer
from tests.parts.snowlight import Snowlight
from tests.waiting import eventually

DAY_MS = 86_400_000
CAMERA = "cameras/gate"


@pytest.fixture
def snowlight_settings() -> dict[str, str]:
    """Sweep all the time, and delete at once."""
    return {"SNOWLIGHT_STORAGE_SWEEP_SECONDS": "0.5", "SNOWLIGHT_STORAGE_GRACE_SECONDS": "0"}


async def test_footage_past_its_retention_leaves_index_and_bucket(
    snowlight_separate: Snowlight, minio_server: MinioServer, tmp_path: Path
) -> None:
    bucket = snowlight_separate.environment["SNOWLIGHT_STORE_URL"].removeprefix("s3://")
    store = BucketStore(minio_server, bucket)
    password = await add_duty_officer(snowlight_separate)
    async with (
        run_village(tmp_path, 1) as (source,),
        signed_in(snowlight_separate.url, USERNAME, password) as person,
    ):
        camera = await person.create_camera("gate", source.url, retention_days=30)
        await person.wait_online(CAMERA)
        await person.live_playlist(await person.live_url(CAMERA))
        await hand_on(snowlight_separate, person, [camera["name"]])
        fresh = max(store.objects(camera["uid"]), key=lambda key: key.duration_ms)
        old = await age(snowlight_separate, minio_server, bucket, fresh, 10 * DAY_MS)

        assert store.objects(camera["uid"])[0] == old
        await expect_window(person, CAMERA, H264_AAC, old.start_ms, end_ms(old) - 1)
        assert (await spans_of(person))[0] == (old.start_ms, end_ms(old))

        changed = await person.send("PATCH", f"/v1/{CAMERA}", {"retention_days": 7})
        assert changed["retention_days"] == 7

        async def gone() -> bool:
            return old not in store.objects(camera["uid"])

        await eventually(gone, 30)
        assert all(start_ms >= fresh.start_ms for start_ms, _ in await spans_of(person))
        assert fresh in store.objects(camera["uid"])
        await expect_window(person, CAMERA, H264_AAC, fresh.start_ms, end_ms(fresh) - 1)


async def spans_of(person: Person) -> list[tuple[float, float]]:
    """What can be played of the last twelve days, in order."""
    timeline = await person.timeline(CAMERA, now_ms() - 12 * DAY_MS)
    return [(span.start_ms, span.end_ms) for span in timeline.spans]


async def age(
    snowlight: Snowlight, minio_server: MinioServer, bucket: str, key: ObjectKey, by_ms: int
) -> ObjectKey:
    """Record a copy of the object as one that is so much older, in ingest's name. Returns its key."""
    older = ObjectKey(
        key.uid, key.start_ms - by_ms, key.duration_ms, key.epoch, key.sequence + 1_000, key.init8
    )
    client = minio_server.client()
    with client.get_object(bucket_name=bucket, object_name=str(key)) as response:
        data = response.read()
    async with storage_of(snowlight) as storage:
        wanted = storage_pb2.ListSegmentsRequest(
            camera_uid=key.uid, start_ms=key.start_ms, end_ms=end_ms(key)
        )
        listed = (await storage.ListSegments(wanted)).segments
        (segment,) = (one for one in listed if one.key == str(key))
        assert segment.sha256 == sha256(data).digest()
        assert segment.size == len(data)
        client.put_object(bucket_name=bucket, object_name=str(older), data=BytesIO(data), length=len(data))
        segment.key, segment.start_ms, segment.sequence = str(older), older.start_ms, older.sequence
        answer = await storage.CommitSegments(storage_pb2.CommitSegmentsRequest(segments=[segment]))
        assert [result.outcome for result in answer.results] == [storage_pb2.CommitResult.COMMITTED]
    return older


@asynccontextmanager
async def storage_of(snowlight: Snowlight) -> "AsyncIterator[storage_pb2_grpc.StorageAsyncStub]":
    """A stub that calls in the names of those who may."""
    settings = ClusterSettings(
        data_dir=snowlight.data_dir, cluster_key=SecretStr(snowlight.environment["SNOWLIGHT_CLUSTER_KEY"])
    )
    runtime = build_runtime("ingest", settings)
    async with permitted_channel(runtime, snowlight.addresses["storage"]) as channel:
        stub: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        yield stub
