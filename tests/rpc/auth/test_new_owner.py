"""A camera gets another owner: its past is not theirs, and what the former owner opened is over."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.auth.v1 import consent_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.api.storage.v1 import retention_pb2, retention_pb2_grpc
from snowlight.rpc.server import Servicer
from tests.rpc.auth.village import DAY_MS, HOME, HOUR_MS, VILLAGE, Village, refused_code, revoked
from tests.waiting import eventually


async def sell(village: Village, to: str, owner_ms: int) -> None:
    """The home is theirs from then on, and auth has heard of it."""
    since = Timestamp()
    since.FromMilliseconds(owner_ms)
    await village.auth.registry.put(
        HOME,
        VILLAGE,
        ownership=camera_pb2.HOUSEHOLD,
        owner=village.names[to],
        owner_time=since,
        operator="Carrier",
    )
    await eventually(lambda: village.sees(to))


async def test_footage_from_before_is_neither_theirs_nor_theirs_to_open(village: Village) -> None:
    now_ms = village.auth.clock.now_ms()
    sold_ms = now_ms - 3 * HOUR_MS
    before, across = (sold_ms - HOUR_MS, sold_ms), (sold_ms - 1, sold_ms + HOUR_MS)
    after = (sold_ms, sold_ms + HOUR_MS)
    assert await village.sees("owner", "playback", window=before)
    await sell(village, "neighbour", sold_ms)
    for action in ("playback", "export"):
        assert await village.sees("neighbour", action, window=after)
        for window in (before, across):
            assert await refused_code(village.look("neighbour", action, window=window)) == "auth.before_owner"
    assert not await village.sees("owner", "playback", window=before)
    assert not await village.sees("owner")
    await village.consent("neighbour", actions=["playback"], footage_from=village.ahead(-2 * DAY_MS))
    assert await village.sees("cadre", "playback", window=after)
    assert not await village.sees("cadre", "playback", window=across)


async def test_a_consent_of_the_former_owner_is_over_for_good(village: Village, database_url: str) -> None:
    now_ms = village.auth.clock.now_ms()
    consent = await village.consent("owner", audience=consent_pb2.Audience(principal=village.names["wang"]))
    assert await village.sees("wang")
    await sell(village, "neighbour", now_ms)
    assert ("grant", consent.name.removeprefix("consents/")) in await revoked(database_url)
    assert [each.state for each in await village.consents("owner")] == ["expired"]
    assert (await village.changes())[-1] == f"{consent.name} expired: the camera is another's"
    await sell(village, "owner", now_ms + 1)
    assert not await village.sees("wang"), "though it is the owner's again who gave it"


class Storage(retention_pb2_grpc.RetentionServicer):
    """Notes what it is asked to erase."""

    def __init__(self) -> None:
        self.asked: list[retention_pb2.EraseFootageRequest] = []

    async def EraseFootage(  # noqa: N802
        self, request: retention_pb2.EraseFootageRequest, context: Any
    ) -> retention_pb2.Erasure:
        self.asked.append(request)
        return retention_pb2.Erasure(state=retention_pb2.Erasure.DONE)


async def test_what_they_have_erased_begins_when_it_became_theirs(village: Village) -> None:
    auth, storage = village.auth, Storage()  # type: ignore[abstract]  # only erasing is asked for
    sold_ms = auth.clock.now_ms() - 3 * HOUR_MS
    await sell(village, "neighbour", sold_ms)
    consent = await village.consent("neighbour")
    servicer = Servicer(
        "snowlight.api.storage.v1.Retention", retention_pb2_grpc.add_RetentionServicer_to_server, storage
    )
    address = auth.runtime.cluster.storage_address
    async with auth.runtime.named("storage").serve(address, servicer):
        await village.withdraw("neighbour", consent.name, erase=True)

        async def is_asked() -> bool:
            auth.clock.ahead_s += 1  # it is tried again after ten seconds
            return bool(storage.asked)

        await eventually(is_asked)
    [request] = storage.asked
    assert (request.camera_uid, request.start_ms) == (HOME, sold_ms)
    assert request.end_ms > sold_ms


async def test_who_looked_before_is_not_told_them(village: Village) -> None:
    asked = await village.ask("wang")
    await village.approve("sergeant", asked.name)
    await village.look("wang")
    assert [view.grant for view in await views(village, "owner")] == [asked.name]
    village.auth.clock.ahead_s += 60
    await sell(village, "neighbour", village.auth.clock.now_ms())
    assert await views(village, "neighbour") == []
    assert await notices(village, "neighbour") == []
    assert [notice.grant for notice in await notices(village, "owner")] == [asked.name], "it was theirs"
    village.auth.clock.ahead_s += 60
    await village.look("wang")
    assert [view.grant for view in await views(village, "neighbour")] == [asked.name]


async def views(village: Village, by: str) -> list[consent_pb2.View]:
    request = consent_pb2.ListViewsRequest(access_token=await village.token(by), camera_uid=HOME)
    return list((await village.auth.consents.ListViews(request)).views)


async def notices(village: Village, by: str) -> list[consent_pb2.Notice]:
    request = consent_pb2.ListNoticesRequest(access_token=await village.token(by))
    return list((await village.auth.consents.ListNotices(request)).notices)
