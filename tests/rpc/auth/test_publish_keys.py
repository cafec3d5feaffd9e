"""Keys with which cameras publish: who makes them, what is kept of them, and what ends with them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from snowlight.api.auth.v1 import publish_pb2, publish_pb2_grpc
from snowlight.errors import UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.parts.callers import permitted_channel
from tests.rpc.auth.village import GATE, HOME, Village, refused_code, revoked
from tests.waiting import eventually

CAMERA_ADDRESS = "198.51.100.9"


class Keys:
    """Asks in the name of a village's people, and of ingest."""

    def __init__(self, village: Village, stub: publish_pb2_grpc.PublishKeysAsyncStub) -> None:
        self._village = village
        self._stub = stub

    async def make(self, by: str, uid: str = GATE) -> publish_pb2.CreatePublishKeyResponse:
        request = publish_pb2.CreatePublishKeyRequest(
            access_token=await self._village.token(by),
            remote_address="192.0.2.9",
            camera_uid=uid,
            display_name="gate",
        )
        with remote_errors("services/auth"):
            return await self._stub.CreatePublishKey(request)

    async def names(self, by: str, uid: str = GATE) -> list[str]:
        request = publish_pb2.ListPublishKeysRequest(
            access_token=await self._village.token(by), camera_uid=uid
        )
        with remote_errors("services/auth"):
            return [key.name for key in (await self._stub.ListPublishKeys(request)).publish_keys]

    async def delete(self, by: str, name: str, uid: str = GATE) -> None:
        request = publish_pb2.DeletePublishKeyRequest(
            access_token=await self._village.token(by), name=name, camera_uid=uid
        )
        with remote_errors("services/auth"):
            await self._stub.DeletePublishKey(request)

    async def check(self, key: str, uid: str = GATE, address: str = CAMERA_ADDRESS) -> str:
        request = publish_pb2.CheckPublishKeyRequest(
            camera_id=uid or "nobody", camera_uid=uid, key=key, remote_address=address
        )
        with remote_errors("services/auth"):
            return (await self._stub.CheckPublishKey(request)).key_id


@pytest.fixture
async def keys(village: Village) -> AsyncIterator[Keys]:
    runtime = village.auth.runtime
    async with permitted_channel(runtime, runtime.cluster.auth_address) as channel:
        yield Keys(village, publish_pb2_grpc.PublishKeysStub(channel))


async def test_a_key_is_its_cameras_until_it_is_deleted(
    keys: Keys, village: Village, database_url: str
) -> None:
    old, new = await keys.make("mayor"), await keys.make("mayor")
    assert await keys.names("mayor") == [old.publish_key.name, new.publish_key.name]
    assert await keys.check(old.key) == old.publish_key.name.removeprefix("publish_keys/")
    await keys.delete("mayor", old.publish_key.name)
    assert await refused_code(keys.check(old.key)) == "camera.publish_denied"
    assert await keys.check(new.key) == new.publish_key.name.removeprefix("publish_keys/")
    assert ("publish_key", old.publish_key.name.removeprefix("publish_keys/")) in await revoked(database_url)
    assert await refused_code(keys.delete("mayor", old.publish_key.name)) == "auth.publish_key_unknown"
    assert await village.changes() == [
        f"{old.publish_key.name} created: gate",
        f"{new.publish_key.name} created: gate",
        f"{old.publish_key.name} deleted: gate",
    ]


async def test_only_its_hash_is_kept(keys: Keys, database_url: str) -> None:
    made = await keys.make("mayor")
    engine = create_async_engine(database_url)
    try:
        async with engine.connect() as connection:
            rows = list(await connection.execute(sa.text("SELECT * FROM publish_keys")))
            told = list(await connection.execute(sa.text("SELECT * FROM audit_records")))
    finally:
        await engine.dispose()
    assert len(rows) == 1
    assert made.key not in f"{rows}{told}"


async def test_a_key_of_another_camera_opens_nothing(keys: Keys) -> None:
    made = await keys.make("mayor")
    for uid in (HOME, "", "nowhere"):
        assert await refused_code(keys.check(made.key, uid)) == "camera.publish_denied"


async def test_a_deleted_cameras_keys_open_nothing(keys: Keys, village: Village) -> None:
    made = await keys.make("mayor")
    await village.auth.registry.delete(GATE)

    async def is_refused() -> bool:
        try:
            await keys.check(made.key)
        except UnauthenticatedError:
            return True
        return False

    await eventually(is_refused)


@pytest.mark.parametrize("by", ["cadre", "owner", "stranger", "wang"])
async def test_who_may_not_change_the_camera_makes_no_keys(keys: Keys, by: str) -> None:
    made = await keys.make("mayor")
    await refused_code(keys.make(by))
    await refused_code(keys.names(by))
    await refused_code(keys.delete(by, made.publish_key.name))
    assert await keys.check(made.key)


async def test_a_camera_has_ten_keys_at_most(keys: Keys) -> None:
    for _ in range(10):
        await keys.make("mayor")
    assert await refused_code(keys.make("mayor")) == "auth.too_many_publish_keys"


async def test_who_guesses_waits_and_others_do_not(keys: Keys, village: Village) -> None:
    made = await keys.make("mayor")
    codes = [await refused_code(keys.check(f"guess {number}")) for number in range(7)]
    assert codes == ["camera.publish_denied"] * 5 + ["auth.too_many_attempts"] * 2
    unknown = [await refused_code(keys.check("guess", uid="")) for _ in range(7)]
    assert unknown == codes, "a camera that does not exist answers alike"
    assert await refused_code(keys.check(made.key)) == "auth.too_many_attempts"
    assert await keys.check(made.key, address="203.0.113.7")
    village.auth.clock.ahead_s += 301
    assert await keys.check(made.key)
