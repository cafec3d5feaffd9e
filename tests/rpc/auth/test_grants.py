"""Grants with a purpose: asked for, decided by a second person, in force, over."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from snowlight.api.auth.v1 import auth_pb2, consent_pb2
from snowlight.errors import (
    AbortedError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    SnowlightError,
)
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.village import (
    COUNTY,
    DAY_MS,
    GATE,
    HOME,
    HOUR_MS,
    Village,
    revoked,
    settle,
)
from tests.waiting import eventually


@pytest.fixture
async def village(auth: Auth) -> Village:
    return await settle(auth)


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


async def test_an_emergency_opens_at_once_alerts_and_ends_after_four_hours(village: Village) -> None:
    begun = await village.ask("wang", "emergency", reason="screams", actions=["live", "snapshot"])
    assert (begun.state, begun.kind) == ("requested", "emergency")
    assert await village.sees("wang")
    [alert] = await alerts(village, "sergeant")
    assert (alert.grant, alert.requester, alert.reason) == (begun.name, village.names["wang"], "screams")
    assert [each.name for each in await alerts(village, "clerk")] == [alert.name]
    for who in ("stranger", "cadre", "wang", "fitter", "auditor"):
        assert await alerts(village, who) == [], who
    seen = await acknowledge(village, "sergeant", alert.name)
    assert seen.acknowledged_by == village.names["sergeant"]
    with pytest.raises(AbortedError):
        await acknowledge(village, "clerk", alert.name)
    with pytest.raises(NotFoundError):
        await acknowledge(village, "stranger", alert.name)
    assert await alerts(village, "sergeant") == []
    assert len(await alerts(village, "sergeant", closed=True)) == 1
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


async def test_a_repair_shows_a_camera_to_a_carrier_for_hours(village: Village) -> None:
    opened = await village.ask("mayor", "repair", reason="no picture since Monday")
    assert (opened.state, opened.beneficiary) == ("approved", village.names["fitter"])
    allowed = await village.look("fitter", uid=GATE)
    assert allowed.ticket
    household = await refused_code(village.ask("mayor", "repair", camera_uids=[HOME]))
    assert household == "grant.not_admin"
    await village.ask("owner", "repair", camera_uids=[HOME])
    assert await village.sees("fitter", uid=HOME)
    village.auth.clock.ahead_s += 3601
    assert not await village.sees("fitter", uid=HOME)


async def test_a_repair_is_a_government_admins_for_a_carrier_and_without_footage(village: Village) -> None:
    for who in ("cadre", "sergeant", "stranger", "fitter", "neighbour", "auditor"):
        assert await refused_code(village.ask(who, "repair")) == "grant.not_admin", who
        assert await refused_code(village.ask(who, "repair", camera_uids=["none"])) == "grant.not_admin"
    for field, fields in (
        ("beneficiary", {"beneficiary": village.names["wang"]}),
        ("beneficiary", {"beneficiary": ""}),
        ("actions[0]", {"actions": ["playback"]}),
        ("duration_s", {"duration_s": 8 * 3600 + 1}),
        ("duration_s", {"duration_s": 0}),
        ("reason", {"reason": " "}),
        ("camera_uids", {"camera_uids": [GATE, HOME]}),
    ):
        with pytest.raises(InvalidArgumentError) as refused:
            await village.ask("mayor", "repair", **fields)
        assert refused.value.field == field


BAD: list[tuple[str, str, dict[str, Any]]] = [
    ("favour", "kind", {}),
    ("consent", "kind", {}),
    ("case", "camera_uids", {"camera_uids": []}),
    ("case", "camera_uids", {"camera_uids": [f"c{number}" for number in range(51)]}),
    ("case", "camera_uids[1]", {"camera_uids": [HOME, "a b"]}),
    ("case", "camera_uids[0]", {"camera_uids": ["nothing"]}),
    ("case", "actions", {"actions": []}),
    ("case", "actions[0]", {"actions": ["audit.read"]}),
    ("case", "actions[0]", {"actions": ["fly"]}),
    ("case", "case_number", {"case_number": ""}),
    ("case", "case_number", {"case_number": "a\nb"}),
    ("case", "reason", {"reason": ""}),
    ("case", "reason", {"reason": "a" * 1001}),
    ("case", "duration_s", {"duration_s": 0}),
    ("case", "duration_s", {"duration_s": -5}),
    ("case", "duration_s", {"duration_s": 72 * 3600 + 1}),
    ("case", "window_start", {"actions": ["playback"]}),
    ("case", "beneficiary", {"beneficiary": "principals/none"}),
    ("emergency", "reason", {"reason": ""}),
    ("emergency", "actions[0]", {"actions": ["export"]}),
    ("emergency", "duration_s", {"duration_s": 60}),
    ("emergency", "camera_uids", {"camera_uids": [f"c{number}" for number in range(11)]}),
]


async def test_bad_requests_are_refused_by_field(village: Village) -> None:
    for kind, field, fields in BAD:
        with pytest.raises(InvalidArgumentError) as refused:
            await village.ask("wang", kind, **fields)
        assert refused.value.field == field, fields
    windows: tuple[tuple[str, dict[str, Any]], ...] = (
        ("window_end", {"window_start": village.ahead(-HOUR_MS)}),
        ("window_end", {"window_start": village.ahead(-HOUR_MS), "window_end": village.ahead(-2 * HOUR_MS)}),
        ("window_end", {"window_start": village.ahead(-32 * DAY_MS), "window_end": village.ahead(0)}),
        ("window_end", {"window_start": village.ahead(0), "window_end": village.ahead(8 * DAY_MS)}),
    )
    for field, window in windows:
        with pytest.raises(InvalidArgumentError) as refused:
            await village.ask("wang", actions=["playback"], **window)
        assert refused.value.field == field, window
    with pytest.raises(InvalidArgumentError) as refused:
        await village.ask("wang", window_start=village.ahead(-1), window_end=village.ahead(0))
    assert refused.value.field == "window_start", "a live grant has no window"
    for name in ("owner", "fitter", "auditor"):
        with pytest.raises(InvalidArgumentError) as refused:
            await village.ask("wang", beneficiary=village.names[name])
        assert refused.value.field == "beneficiary", name
    with pytest.raises(InvalidArgumentError) as refused:
        await village.ask("wang", "emergency", beneficiary=village.names["cadre"])
    assert refused.value.field == "beneficiary"


async def test_grants_are_asked_for_by_officers_and_emergencies_inside_their_regions(
    village: Village,
) -> None:
    for who in ("owner", "neighbour", "fitter", "auditor"):
        for kind in ("case", "emergency"):
            assert await refused_code(village.ask(who, kind)) == "grant.not_officer", who
            unknown = village.ask(who, kind, camera_uids=["nothing"])
            assert await refused_code(unknown) == "grant.not_officer", "no word of which cameras exist"
    assert await refused_code(village.ask("stranger", "emergency")) == "grant.outside_scope"
    await village.auth.add_person("chief", auth_pb2.VIEWER, scope=COUNTY, line=auth_pb2.POLICE)
    village.names["chief"] = "chief"
    assert (await village.ask("chief", "emergency")).state == "requested"


async def test_grants_are_listed_to_whom_they_concern(village: Village) -> None:
    asked = await village.ask("wang")
    begun = await village.ask("wang", "emergency")
    for who in ("wang", "sergeant", "mayor", "clerk", "inspector", "auditor"):
        assert [grant.name for grant in await listed(village, who)] == [begun.name, asked.name], who
    for who in ("owner", "cadre", "stranger", "fitter"):
        assert await listed(village, who) == [], who
        with pytest.raises(NotFoundError):
            await village.grant(who, asked.name)
    assert [grant.name for grant in await listed(village, "wang", kind="case")] == [asked.name]
    assert await listed(village, "wang", state="approved") == []
    with pytest.raises(InvalidArgumentError) as refused:
        await listed(village, "wang", state="perhaps")
    assert refused.value.field == "state"


async def listed(village: Village, by: str, **fields: Any) -> list[consent_pb2.Grant]:
    request = consent_pb2.ListGrantsRequest(access_token=await village.token(by), **fields)
    with remote_errors("services/auth"):
        return list((await village.auth.consents.ListGrants(request)).grants)


async def alerts(village: Village, by: str, *, closed: bool = False) -> list[consent_pb2.Alert]:
    request = consent_pb2.ListAlertsRequest(access_token=await village.token(by), all=closed)
    return list((await village.auth.consents.ListAlerts(request)).alerts)


async def acknowledge(village: Village, by: str, name: str) -> consent_pb2.Alert:
    request = consent_pb2.AcknowledgeAlertRequest(access_token=await village.token(by), name=name)
    with remote_errors("services/auth"):
        return await village.auth.consents.AcknowledgeAlert(request)


async def refused_code(call: Awaitable[object]) -> str:
    with pytest.raises(SnowlightError) as refused:
        await call
    return refused.value.code
