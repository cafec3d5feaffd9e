"""Grants for a case: asked for, decided by a second person, in force, over."""

import asyncio
from collections.abc import Awaitable

import pytest

from snowlight.api.auth.v1 import consent_pb2
from snowlight.errors import AbortedError, FailedPreconditionError, PermissionDeniedError
from tests.rpc.auth.village import COUNTY, DAY_MS, GATE, HOME, HOUR_MS, Village, revoked
from tests.waiting import eventually


async def test_a_case_opens_after_a_second_persons_approval_until_its_end(
    village: Village, database_url: str
) -> None:
    asked = await village.ask("wang", duration_s=3600)
    assert (asked.state, asked.beneficiary, asked.HasField("start_time")) == (
        "requested",
        village.names["wang"],
        False,
    )
    assert not await village.sees("wang")
    approved = await village.approve("sergeant", asked.name, reason="checked the file")
    assert (approved.state, approved.decided_by) == ("approved", village.names["sergeant"])
    length_ms = approved.end_time.ToMilliseconds() - approved.start_time.ToMilliseconds()
    assert length_ms == 3600 * 1000
    assert await village.sees("wang")
    assert not await village.sees("wang", "snapshot")
    assert not await village.sees("cadre"), "the beneficiary alone"
    village.auth.clock.ahead_s += 3601
    assert not await village.sees("wang")

    async def told() -> bool:
        return await revoked(database_url) == [("grant", asked.name.removeprefix("grants/"))]

    await eventually(told)
    assert (await village.grant("wang", asked.name)).state == "expired"
    assert [text.partition(" ")[2] for text in await village.changes()] == [
        "requested",
        "approved",
        "expired",
    ]


async def test_a_case_opens_its_window_of_footage_and_no_more(village: Village) -> None:
    now_ms = village.auth.clock.now_ms()
    start, end = village.ahead(-2 * DAY_MS), village.ahead(-DAY_MS)
    asked = await village.ask("wang", actions=["playback"], window_start=start, window_end=end)
    await village.approve("sergeant", asked.name)
    inside = (now_ms - 30 * HOUR_MS, now_ms - 25 * HOUR_MS)
    assert await village.sees("wang", "playback", window=inside)
    outside = (now_ms - 25 * HOUR_MS, now_ms - 23 * HOUR_MS)
    assert not await village.sees("wang", "playback", window=outside)
    assert not await village.sees("wang", "export", window=inside), "only where the grant names it"
    assert not await village.sees("wang", "live")


async def test_a_grant_for_somebody_else_and_for_several_cameras(village: Village) -> None:
    asked = await village.ask("wang", camera_uids=[HOME, GATE], beneficiary=village.names["cadre"])
    assert asked.camera_uids == [GATE, HOME]
    await village.approve("mayor", asked.name)
    assert await village.sees("cadre")
    assert not await village.sees("wang")


async def test_nobody_approves_what_they_asked_for_or_benefit_from_nor_from_below(village: Village) -> None:
    own = await village.ask("sergeant")
    with pytest.raises(PermissionDeniedError) as refused:
        await village.approve("sergeant", own.name)
    assert refused.value.code == "grant.own_request"
    benefits = await village.ask("wang", beneficiary=village.names["sergeant"])
    with pytest.raises(PermissionDeniedError) as refused:
        await village.approve("sergeant", benefits.name)
    assert refused.value.code == "grant.own_request"
    with pytest.raises(PermissionDeniedError) as refused:
        await village.approve("clerk", own.name)
    assert refused.value.code == "grant.lower_tier"
    for who in ("wang", "stranger", "fitter", "owner", "auditor"):
        with pytest.raises(PermissionDeniedError) as refused:
            await village.approve(who, own.name)
        assert refused.value.code == "grant.not_admin", who
    assert (await village.approve("inspector", own.name)).state == "approved"
    assert (await village.approve("mayor", benefits.name)).state == "approved"


async def test_a_camera_outside_the_approvers_scope_is_not_theirs_to_open(village: Village) -> None:
    await village.auth.registry.put("far", COUNTY)
    asked = await village.ask("wang", camera_uids=[HOME, "far"])
    with pytest.raises(PermissionDeniedError) as refused:
        await village.approve("sergeant", asked.name)
    assert refused.value.code == "grant.not_admin"
    assert (await village.approve("inspector", asked.name)).state == "approved"


async def test_denied_withdrawn_and_revoked_grants_open_nothing(village: Village, database_url: str) -> None:
    denied = await village.ask("wang")
    assert (await village.decide("deny", "sergeant", denied.name)).state == "denied"
    withdrawn = await village.ask("wang")
    with pytest.raises(PermissionDeniedError):
        await village.decide("withdraw", "cadre", withdrawn.name)
    assert (await village.decide("withdraw", "wang", withdrawn.name)).state == "withdrawn"
    for name in (denied.name, withdrawn.name):
        with pytest.raises(AbortedError) as over:
            await village.approve("sergeant", name)
        assert over.value.code == "grant.decided"
    assert not await village.sees("wang")
    approved = await village.ask("wang")
    await village.approve("sergeant", approved.name)
    assert await village.sees("wang")
    with pytest.raises(PermissionDeniedError):
        await village.decide("revoke", "cadre", approved.name)
    revocation = await village.decide("revoke", "clerk", approved.name)
    assert revocation.state == "revoked"
    assert not await village.sees("wang")
    assert await revoked(database_url) == [("grant", approved.name.removeprefix("grants/"))]


async def test_what_nobody_decides_within_three_days_is_over(village: Village) -> None:
    asked = await village.ask("wang")
    village.auth.clock.ahead_s += 72 * 3600 + 1
    with pytest.raises((FailedPreconditionError, AbortedError)):
        await village.approve("sergeant", asked.name)

    async def expired() -> bool:
        return (await village.grant("wang", asked.name)).state == "expired"

    await eventually(expired)
    assert not await village.sees("wang")


async def test_of_admins_who_decide_at_once_exactly_one_wins(village: Village) -> None:
    for round_ in range(6):
        asked = await village.ask("wang")
        rivals: list[Awaitable[consent_pb2.Grant]] = [village.approve("sergeant", asked.name)]
        if round_ % 3 == 0:
            rivals.append(village.decide("deny", "mayor", asked.name))
        elif round_ % 3 == 1:
            rivals.append(village.decide("withdraw", "wang", asked.name))
        else:
            rivals.append(village.approve("inspector", asked.name))
        answers = await asyncio.gather(*rivals, return_exceptions=True)
        won = [each for each in answers if isinstance(each, consent_pb2.Grant)]
        lost = [each for each in answers if not isinstance(each, consent_pb2.Grant)]
        assert (len(won), len(lost)) == (1, 1), answers
        assert isinstance(lost[0], AbortedError)
        assert lost[0].code in ("grant.decided", "grant.changed")
        kept = await village.grant("wang", asked.name)
        assert kept == won[0]
        assert await village.sees("wang") is (kept.state == "approved")
        if kept.state == "approved":
            await village.decide("revoke", "wang", asked.name)


async def test_a_decision_on_what_somebody_has_read_before_is_refused_once_it_changed(
    village: Village,
) -> None:
    asked = await village.ask("wang")
    with pytest.raises(AbortedError) as stale:
        await village.approve("sergeant", asked.name, etag="r9")
    assert stale.value.code == "grant.changed"
    approved = await village.approve("sergeant", asked.name, etag=asked.etag)
    assert approved.etag != asked.etag
