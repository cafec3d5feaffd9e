"""What owners are told of who looked, and requests of people who were filmed."""

import asyncio
from typing import Any

import pytest

from snowlight.api.auth.v1 import consent_pb2
from snowlight.errors import (
    AbortedError,
    FailedPreconditionError,
    InvalidArgumentError,
    PermissionDeniedError,
    SnowlightError,
)
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.village import DAY_MS, GATE, HOME, HOUR_MS, Village


async def test_the_owner_is_told_who_looked_and_why_and_nobody_else_is(village: Village) -> None:
    assert await views(village, "owner") == []
    assert not await village.sees("wang"), "a refusal is no view"
    asked = await village.ask("wang", reason="theft of a tractor")
    await village.approve("sergeant", asked.name)
    await village.look("wang")
    await village.consent("owner")
    await village.look("cadre")
    await village.look("owner")
    by_cadre, by_wang = await views(village, "owner")
    assert (by_wang.organisation, by_wang.line, by_wang.purpose) == ("Police station", "police", "to look")
    assert (by_wang.grant, by_wang.grant_kind, by_wang.grant_reason) == (
        asked.name,
        "case",
        "theft of a tractor",
    )
    assert (by_wang.action, by_wang.event, by_wang.person) == ("live", "decision", "")
    assert (by_cadre.organisation, by_cadre.grant) == ("Village committee", "")
    for who in ("neighbour", "clerk", "wang", "auditor"):
        for uid in (HOME, GATE, "nothing"):
            with pytest.raises(PermissionDeniedError) as refused:
                await views(village, who, uid)
            assert refused.value.code == "views.not_owner"


async def test_views_come_page_by_page(village: Village) -> None:
    await village.consent("owner", actions=["live", "snapshot"])
    for action in ("live", "snapshot", "live", "snapshot", "live"):
        await village.look("cadre", action)
    found: list[str] = []
    token = ""
    while True:
        request = consent_pb2.ListViewsRequest(
            access_token=await village.token("owner"), camera_uid=HOME, page_size=2, page_token=token
        )
        page = await village.auth.consents.ListViews(request)
        found += [view.action for view in page.views]
        if not (token := page.next_page_token):
            break
        assert len(page.views) == 2
    assert found == ["live", "snapshot", "live", "snapshot", "live"]
    with pytest.raises(InvalidArgumentError) as refused, remote_errors("services/auth"):
        await village.auth.consents.ListViews(
            consent_pb2.ListViewsRequest(
                access_token=await village.token("owner"), camera_uid=HOME, page_token="YQ=="
            )
        )
    assert refused.value.field == "page_token"


async def test_what_opened_the_camera_is_a_notice_and_its_deferral_hides_view_and_notice_until_its_date(
    village: Village,
) -> None:
    asked = await village.ask("wang")
    assert await notices(village, "owner") == [], "what is only asked for opens nothing"
    await village.approve("sergeant", asked.name)
    await village.look("wang")
    assert [notice.grant for notice in await notices(village, "owner")] == [asked.name]
    for who in ("wang", "clerk", "mayor"):
        with pytest.raises(PermissionDeniedError):
            await defer(village, who, asked.name, 10 * DAY_MS)
    for ms in (-1, 90 * DAY_MS + 60_000):
        with pytest.raises(InvalidArgumentError) as refused:
            await defer(village, "sergeant", asked.name, ms)
        assert refused.value.field == "notice_time"
    with pytest.raises(InvalidArgumentError) as refused:
        await defer(village, "sergeant", asked.name, DAY_MS, reason="")
    assert refused.value.field == "reason"
    deferred = await defer(village, "sergeant", asked.name, 10 * DAY_MS)
    assert deferred.notice_deferred_by == village.names["sergeant"]
    assert await notices(village, "owner") == []
    assert await views(village, "owner") == []
    assert any("notice deferred: still being looked into" in text for text in await village.changes())
    village.auth.clock.ahead_s += 10 * 24 * 3600 + 1
    [notice] = await notices(village, "owner")
    assert (notice.grant, notice.camera_uid, notice.organisation) == (asked.name, HOME, "Police station")
    assert [view.grant for view in await views(village, "owner")] == [asked.name]
    assert await notices(village, "neighbour") == []


async def test_an_emergency_is_told_once_it_is_decided_or_over(village: Village) -> None:
    begun = await village.ask("wang", "emergency")
    await village.look("wang")
    assert await notices(village, "owner") == []
    assert await views(village, "owner") == []
    await village.decide("deny", "sergeant", begun.name)
    assert [notice.state for notice in await notices(village, "owner")] == ["denied"]
    assert [view.grant_kind for view in await views(village, "owner")] == ["emergency"]
    again = await village.ask("wang", "emergency")
    village.auth.clock.ahead_s += 4 * 3600 + 1
    assert [notice.grant for notice in await notices(village, "owner")] == [again.name, begun.name]


async def test_what_was_not_approved_by_them_or_is_a_repair_is_not_deferred(village: Village) -> None:
    repair = await village.ask("owner", "repair", camera_uids=[HOME])
    with pytest.raises(PermissionDeniedError) as refused:
        await defer(village, "owner", repair.name, DAY_MS)
    assert refused.value.code == "grant.own_request"
    waiting = await village.ask("wang")
    with pytest.raises(PermissionDeniedError) as refused:
        await defer(village, "sergeant", waiting.name, DAY_MS)
    assert refused.value.code == "grant.not_approver"
    await village.decide("deny", "sergeant", waiting.name)
    with pytest.raises(FailedPreconditionError) as never:
        await defer(village, "sergeant", waiting.name, DAY_MS)
    assert never.value.code == "grant.not_deferrable"


async def test_a_person_who_was_filmed_is_shown_their_window_once_a_second_person_grants_it(
    village: Village,
) -> None:
    now_ms = village.auth.clock.now_ms()
    window = (now_ms - 3 * HOUR_MS, now_ms - 2 * HOUR_MS)
    made = await subject_request(village, "wang", window)
    assert (made.state, made.officer) == ("requested", village.names["wang"])
    for who, code in (
        ("wang", "grant.not_admin"),
        ("cadre", "grant.not_admin"),
        ("stranger", "grant.not_admin"),
        ("clerk", "grant.lower_tier"),
    ):
        with pytest.raises(PermissionDeniedError) as refused:
            await decide(village, who, made.name, "granted")
        assert refused.value.code == code, who
    granted = await decide(village, "sergeant", made.name, "granted")
    assert (granted.state, granted.decided_by) == ("granted", village.names["sergeant"])
    assert await village.sees("wang", "playback", window=window)
    assert not await village.sees("wang", "playback", window=(window[0] - 1, window[1]))
    assert not await village.sees("wang")
    assert not await village.sees("wang", "export", window=window)
    viewing = await village.grant("wang", granted.grant)
    assert (viewing.purpose, viewing.kind, viewing.case_number) == ("data_subject", "case", made.name)
    [view] = await views(village, "owner")
    assert (view.grant, view.action) == (granted.grant, "playback")
    village.auth.clock.ahead_s += 24 * 3600 + 1
    assert not await village.sees("wang", "playback", window=window)
    with pytest.raises(AbortedError) as decided:
        await decide(village, "inspector", made.name, "refused")
    assert decided.value.code == "subject_request.decided"
    assert [text.partition(" ")[2] for text in await village.changes()][:2] == [
        "recorded for file 12",
        "granted",
    ]


async def test_a_refused_request_opens_nothing_and_of_two_decisions_one_stands(village: Village) -> None:
    now_ms = village.auth.clock.now_ms()
    window = (now_ms - 3 * HOUR_MS, now_ms - 2 * HOUR_MS)
    refused = await subject_request(village, "wang", window)
    answer = await decide(village, "sergeant", refused.name, "refused")
    assert (answer.state, answer.grant, answer.decision_reason) == ("refused", "", "as the law says")
    assert not await village.sees("wang", "playback", window=window)
    raced = await subject_request(village, "wang", window)
    answers = await asyncio.gather(
        decide(village, "sergeant", raced.name, "granted"),
        decide(village, "mayor", raced.name, "refused"),
        return_exceptions=True,
    )
    won = [each for each in answers if isinstance(each, consent_pb2.SubjectRequest)]
    lost = [each for each in answers if isinstance(each, SnowlightError)]
    assert (len(won), len(lost)) == (1, 1)
    assert isinstance(lost[0], AbortedError)
    assert await village.sees("wang", "playback", window=window) is (won[0].state == "granted")
    assert {each.name for each in await requests(village, "auditor")} == {refused.name, raced.name}
    assert await requests(village, "cadre") == []


async def test_bad_requests_of_people_who_were_filmed_are_refused_by_field(village: Village) -> None:
    now_ms = village.auth.clock.now_ms()
    good = (now_ms - 3 * HOUR_MS, now_ms - 2 * HOUR_MS)
    for field, fields in (
        ("camera_uid", {"camera_uid": "nothing"}),
        ("applicant_reference", {"applicant_reference": ""}),
        ("identity_checked_by", {"identity_checked_by": ""}),
        ("reason", {"reason": "a\0"}),
        ("officer", {"officer": village.names["fitter"]}),
        ("officer", {"officer": "principals/none"}),
    ):
        with pytest.raises(InvalidArgumentError) as refused:
            await subject_request(village, "wang", good, **fields)
        assert refused.value.field == field
    for window in ((now_ms - 25 * HOUR_MS, now_ms), (now_ms - 1000, now_ms + HOUR_MS), (now_ms, now_ms)):
        with pytest.raises(InvalidArgumentError) as refused:
            await subject_request(village, "wang", window)
        assert refused.value.field == "window_end"
    for who in ("owner", "fitter", "auditor"):
        with pytest.raises(PermissionDeniedError):
            await subject_request(village, who, good)
    made = await subject_request(village, "wang", good)
    for field, decision in (("decision", "perhaps"), ("duration_s", "granted")):
        with pytest.raises(InvalidArgumentError) as refused:
            await decide(village, "sergeant", made.name, decision, duration_s=24 * 3600 + 1)
        assert refused.value.field == field


async def views(village: Village, by: str, uid: str = HOME) -> list[consent_pb2.View]:
    request = consent_pb2.ListViewsRequest(access_token=await village.token(by), camera_uid=uid)
    with remote_errors("services/auth"):
        return list((await village.auth.consents.ListViews(request)).views)


async def notices(village: Village, by: str) -> list[consent_pb2.Notice]:
    request = consent_pb2.ListNoticesRequest(access_token=await village.token(by))
    with remote_errors("services/auth"):
        return list((await village.auth.consents.ListNotices(request)).notices)


async def defer(
    village: Village, by: str, name: str, ms: int, reason: str = "still being looked into"
) -> consent_pb2.Grant:
    request = consent_pb2.DeferNoticeRequest(
        access_token=await village.token(by), name=name, notice_time=village.ahead(ms), reason=reason
    )
    with remote_errors("services/auth"):
        return await village.auth.consents.DeferNotice(request)


async def subject_request(
    village: Village, by: str, window: tuple[int, int], **fields: Any
) -> consent_pb2.SubjectRequest:
    ordinary = {
        "camera_uid": HOME,
        "applicant_reference": "file 12",
        "identity_checked_by": "desk 3",
        "reason": "was hit by a cart",
    }
    wanted = consent_pb2.SubjectRequest(**{**ordinary, **fields})
    wanted.window_start.FromMilliseconds(window[0])
    wanted.window_end.FromMilliseconds(window[1])
    request = consent_pb2.CreateSubjectRequestRequest(
        access_token=await village.token(by), subject_request=wanted
    )
    with remote_errors("services/auth"):
        return await village.auth.consents.CreateSubjectRequest(request)


async def requests(village: Village, by: str) -> list[consent_pb2.SubjectRequest]:
    request = consent_pb2.ListSubjectRequestsRequest(access_token=await village.token(by))
    return list((await village.auth.consents.ListSubjectRequests(request)).subject_requests)


async def decide(
    village: Village, by: str, name: str, decision: str, **fields: Any
) -> consent_pb2.SubjectRequest:
    request = consent_pb2.DecideSubjectRequestRequest(
        access_token=await village.token(by),
        name=name,
        decision=decision,
        reason="as the law says",
        **fields,
    )
    with remote_errors("services/auth"):
        return await village.auth.consents.DecideSubjectRequest(request)
