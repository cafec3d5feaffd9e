"""An owner opens a household's camera, and closes it."""

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from snowlight.api.auth.v1 import consent_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import AbortedError, FailedPreconditionError, SnowlightError
from tests.rpc.auth.village import DAY_MS, HOME, HOUR_MS, VILLAGE, Village, revoked
from tests.waiting import eventually

SHANGHAI = ZoneInfo("Asia/Shanghai")


async def test_a_consent_opens_the_camera_to_whom_it_names_and_its_withdrawal_closes_it(
    village: Village,
) -> None:
    assert not await village.sees("cadre")
    consent = await village.consent("owner")
    assert (consent.state, consent.owner, consent.created_by) == (
        "active",
        village.names["owner"],
        village.names["owner"],
    )
    assert await village.sees("cadre")
    assert not await village.sees("cadre", "snapshot"), "only what it names"
    assert not await village.sees("neighbour"), "only whom it names"
    withdrawn = await village.withdraw("owner", consent.name)
    assert withdrawn.state == "withdrawn"
    assert not await village.sees("cadre")
    with pytest.raises(FailedPreconditionError) as again:
        await village.withdraw("owner", consent.name)
    assert again.value.code == "consent.over"
    assert [text.partition(" ")[2] for text in await village.changes()] == [
        f"given by {village.names['owner']}",
        "withdrawn",
    ]


async def test_a_withdrawal_is_told_as_a_revocation_of_what_tickets_hang_on(
    village: Village, database_url: str
) -> None:
    consent = await village.consent("owner")
    await village.withdraw("owner", consent.name)
    assert await revoked(database_url) == [("grant", consent.name.removeprefix("consents/"))]


async def test_consents_to_an_organisation_and_to_a_line_in_a_region(village: Village) -> None:
    await village.consent("owner", audience=consent_pb2.Audience(organisation="Village committee"))
    assert await village.sees("cadre")
    assert await village.sees("clerk")
    assert not await village.sees("wang")
    police = consent_pb2.Audience(line="police", region="regions/371326101")
    await village.consent("owner", audience=police)
    assert await village.sees("wang")
    assert not await village.sees("inspector"), "whose scope is wider than the region"


async def test_a_neighbour_sees_what_was_opened_to_them_though_it_is_not_listed(village: Village) -> None:
    assert not await village.sees("neighbour")
    await village.consent("owner", audience=consent_pb2.Audience(principal=village.names["neighbour"]))
    assert await village.sees("neighbour")


async def test_hours_of_the_day_wrap_midnight_in_the_clusters_time_zone(village: Village) -> None:
    await village.consent("owner", hours_from="22:00", hours_to="06:00", actions=["live", "playback"])
    for hour, seen in (
        (21, False),
        (22, True),
        (3, True),
        (6, False),
        (12, False),
    ):
        set_clock(village, hour)
        assert await village.sees("cadre") is seen, hour
    midnight = midnight_before(village)
    inside = (midnight - HOUR_MS, midnight + HOUR_MS)
    assert await village.sees("cadre", "playback", window=inside)
    outside = (midnight + 5 * HOUR_MS, midnight + 6 * HOUR_MS + 1)
    assert not await village.sees("cadre", "playback", window=outside)


async def test_footage_from_before_the_consent_stays_closed_unless_the_owner_opens_it(
    village: Village,
) -> None:
    now_ms = village.auth.clock.now_ms()
    yesterday = (now_ms - DAY_MS, now_ms - DAY_MS + HOUR_MS)
    await village.consent("owner", actions=["playback"])
    assert not await village.sees("cadre", "playback", window=yesterday)
    await village.consent("owner", actions=["playback"], footage_from=village.ahead(-2 * DAY_MS))
    assert await village.sees("cadre", "playback", window=yesterday)


async def test_a_consent_ends_at_its_end_and_running_sessions_are_told(
    village: Village, database_url: str
) -> None:
    consent = await village.consent("owner", end_time=village.ahead(DAY_MS))
    village.auth.clock.ahead_s += 24 * 3600 + 1
    assert not await village.sees("cadre")

    async def told() -> bool:
        return await revoked(database_url) == [("grant", consent.name.removeprefix("consents/"))]

    await eventually(told)
    assert (await village.consents("owner"))[0].state == "expired"
    with pytest.raises(FailedPreconditionError):
        await village.renew("owner", consent.name, 30 * DAY_MS)


async def test_a_consent_is_the_owners_who_gave_it(village: Village) -> None:
    await village.consent("owner")
    assert await village.sees("cadre")
    await village.auth.registry.put(
        HOME, VILLAGE, ownership=camera_pb2.HOUSEHOLD, owner=village.names["neighbour"]
    )

    async def sold() -> bool:
        return not await village.sees("cadre")

    await eventually(sold)


async def test_of_two_who_withdraw_at_once_one_wins(village: Village) -> None:
    consent = await village.consent("owner")
    answers = await asyncio.gather(
        village.withdraw("owner", consent.name),
        village.withdraw("clerk", consent.name, paper_reference="box 9"),
        return_exceptions=True,
    )
    won = [each for each in answers if isinstance(each, consent_pb2.Consent)]
    lost = [each for each in answers if isinstance(each, SnowlightError)]
    assert (len(won), len(lost)) == (1, 1)
    assert isinstance(lost[0], AbortedError | FailedPreconditionError)
    assert lost[0].code in ("consent.changed", "consent.over")


def set_clock(village: Village, hour: int) -> None:
    """Put the clock forward to when that hour begins next in the cluster's time zone."""
    clock = village.auth.clock
    now = datetime.fromtimestamp(clock.now_ms() / 1000, UTC).astimezone(SHANGHAI)
    begins = now.replace(hour=hour, minute=0, second=30, microsecond=0)
    if begins <= now:
        begins += timedelta(days=1)
    clock.ahead_s += round((begins - now).total_seconds())


def midnight_before(village: Village) -> int:
    now = datetime.fromtimestamp(village.auth.clock.now_ms() / 1000, UTC).astimezone(SHANGHAI)
    return round(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
