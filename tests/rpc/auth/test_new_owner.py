"""A camera gets another owner: its past is not theirs, and what the former owner opened is over."""

from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.auth.v1 import consent_pb2
from snowlight.api.ingest.v1 import camera_pb2
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
