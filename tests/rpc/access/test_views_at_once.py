"""So many pictures at once in the name of one officer for one incident, wherever they are watched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from snowlight.errors import PermissionDeniedError
from snowlight.media.fragment import Fragment
from tests.rpc.access.door import Bureau, Door, Metadata, open_door
from tests.rpc.access.watching import Reader, camera, data, watching
from tests.rpc.gateway.footage import Session
from tests.rpc.gateway.relay import relaying
from tests.waiting import eventually

AT_ONCE = 3


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, auth_settings={"session_tickets": AT_ONCE}) as opened:
        yield opened


@pytest.fixture
async def gate(door: Door) -> tuple[str, Session]:
    return await camera(door)


@pytest.fixture
async def calls() -> AsyncIterator[AsyncExitStack]:
    """What was begun in it ends with it."""
    async with AsyncExitStack() as stack:
        yield stack


async def test_they_are_counted_at_all_gateways_together(
    door: Door, bureau: Bureau, gate: tuple[str, Session], calls: AsyncExitStack
) -> None:
    await begin(door, calls, bureau, AT_ONCE)
    elsewhere = bureau.at(door, await calls.enter_async_context(door.another()))
    async with watching(elsewhere) as one_too_many:
        assert await refused(one_too_many) == "ticket.too_many_viewers"
    await begin(door, calls, elsewhere, 1, bureau.officer("000001"))
    await begin(door, calls, elsewhere, 1, bureau.officer(incident="case 2026-119"))


async def test_who_ends_one_may_begin_another_at_once(
    door: Door, bureau: Bureau, gate: tuple[str, Session], calls: AsyncExitStack
) -> None:
    uid, footage = gate
    later = iter(footage.fragments[21:])
    others = await begin(door, calls, bureau, AT_ONCE - 1)
    for _ in range(5):
        async with AsyncExitStack() as ended:
            newcomers = await begin(door, ended, bureau, 1)
            for fragment in (next(later), next(later)):
                await door.site.ingest.pictures.send(uid, fragment)
                for reader in (*newcomers, *others):
                    await shown(reader, fragment)


async def test_all_go_on_at_another_gateway_when_one_is_gone_without_a_word(
    door: Door, bureau: Bureau, gate: tuple[str, Session], calls: AsyncExitStack
) -> None:
    uid, footage = gate
    async with (
        AsyncExitStack() as ended,
        relaying(door.site.runtime.cluster.auth_address) as cable,
        door.another({"auth": cable.address}) as address,
    ):
        broken = await begin(door, ended, bureau.at(door, address), AT_ONCE)
        cable.cut()
    counted = len(await told(door))
    again = [await calls.enter_async_context(watching(bureau, resume_token=one.token)) for one in broken]
    await door.site.ingest.pictures.send(uid, *footage.fragments[21:23])
    for reader in again:
        assert (await reader.next()).WhichOneof("event") == "description"
        assert await reader.fragments(2) == data(*footage.fragments[21:23])
    await until_told(door, counted + AT_ONCE)
    async with watching(bureau) as one_too_many:
        assert await refused(one_too_many) == "ticket.too_many_viewers"
    await door.site.ingest.pictures.send(uid, footage.fragments[23])
    for reader in again:
        assert await reader.fragments(1) == data(footage.fragments[23])


async def begin(
    door: Door, calls: AsyncExitStack, bureau: Bureau, count: int, officer: Metadata | None = None
) -> Sequence[Reader]:
    """So many views, each of which auth has counted."""
    before = len(await told(door))
    readers = [await calls.enter_async_context(watching(bureau, officer=officer)) for _ in range(count)]
    for reader in readers:
        assert (await reader.next()).WhichOneof("event") == "description"
        await reader.next()
    await until_told(door, before + count)
    return readers


async def shown(reader: Reader, fragment: Fragment) -> None:
    """It goes on to this one."""
    while (await reader.next()).fragment.data != fragment.data:
        pass


async def until_told(door: Door, count: int) -> None:
    async def are_told() -> bool:
        return len(await told(door)) == count

    await eventually(are_told)


async def told(door: Door) -> set[str]:
    """The tickets of which a gateway has told that something was watched with them."""
    return {record.ticket_id for record in await door.site.audit(event="view")}


async def refused(reader: Reader) -> str:
    """Why it ends, once auth has counted."""
    with pytest.raises(PermissionDeniedError) as error:
        await reader.take(5)
    return error.value.code
