"""Emergencies: open at once, alerted, approved or denied afterwards."""

import pytest

from snowlight.errors import AbortedError, InvalidArgumentError, NotFoundError, PermissionDeniedError
from tests.rpc.auth.village import Village, revoked


async def test_an_emergency_opens_at_once_alerts_and_ends_after_four_hours(village: Village) -> None:
    begun = await village.ask("wang", "emergency", reason="screams", actions=["live", "snapshot"])
    assert (begun.state, begun.kind) == ("requested", "emergency")
    assert await village.sees("wang")
    [alert] = await village.alerts("sergeant")
    assert (alert.grant, alert.requester, alert.reason) == (begun.name, village.names["wang"], "screams")
    assert [each.name for each in await village.alerts("clerk")] == [alert.name]
    for who in ("stranger", "cadre", "wang", "fitter", "auditor"):
        assert await village.alerts(who) == [], who
    seen = await village.acknowledge("sergeant", alert.name)
    assert seen.acknowledged_by == village.names["sergeant"]
    with pytest.raises(AbortedError):
        await village.acknowledge("clerk", alert.name)
    with pytest.raises(NotFoundError):
        await village.acknowledge("stranger", alert.name)
    assert await village.alerts("sergeant") == []
    assert len(await village.alerts("sergeant", closed=True)) == 1
    village.auth.clock.ahead_s += 4 * 3600 - 60
    assert await village.sees("wang")
    village.auth.clock.ahead_s += 61
    assert not await village.sees("wang")


async def test_an_approved_emergency_goes_on_for_at_most_three_days(village: Village) -> None:
    begun = await village.ask("wang", "emergency")
    with pytest.raises(PermissionDeniedError):
        await village.approve("wang", begun.name)
    with pytest.raises(InvalidArgumentError) as refused:
        await village.approve("sergeant", begun.name, duration_s=72 * 3600 + 1)
    assert (refused.value.field, refused.value.code) == ("duration_s", "request.past_maximum")
    approved = await village.approve("sergeant", begun.name, duration_s=48 * 3600)
    village.auth.clock.ahead_s += 47 * 3600
    assert await village.sees("wang")
    village.auth.clock.ahead_s += 3601
    assert not await village.sees("wang")
    assert approved.start_time == begun.start_time


async def test_a_denied_emergency_ends_at_once(village: Village, database_url: str) -> None:
    begun = await village.ask("wang", "emergency")
    await village.decide("deny", "sergeant", begun.name)
    assert not await village.sees("wang")
    assert await revoked(database_url) == [("grant", begun.name.removeprefix("grants/"))]
