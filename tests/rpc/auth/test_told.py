"""Auth tells with a decision of which part of a camera's past somebody may be told when it recorded."""

import pytest

from snowlight.api.auth.v1 import auth_pb2, consent_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.village import DAY_MS, GATE, HOME, HOUR_MS, OTHER_VILLAGE, VILLAGE, Village


async def ask(
    village: Village, by: str, start_ms: int, end_ms: int, action: str = "camera.read", uid: str = HOME
) -> auth_pb2.AuthorizeResponse:
    request = auth_pb2.AuthorizeRequest(
        access_token=await village.token(by),
        action=action,
        camera_uid=uid,
        tell=auth_pb2.TimeRange(start_ms=start_ms, end_ms=end_ms),
    )
    with remote_errors("services/auth"):
        return await village.auth.access.Authorize(request)


async def told(village: Village, by: str, uid: str = HOME) -> list[tuple[int, int]]:
    """Of the last ten hours and the hour to come: hours from now."""
    now_ms = village.auth.clock.now_ms()
    answer = await ask(village, by, now_ms - 10 * HOUR_MS, now_ms + HOUR_MS, uid=uid)
    return [
        (round((p.start_ms - now_ms) / HOUR_MS), round((p.end_ms - now_ms) / HOUR_MS)) for p in answer.told
    ]


async def test_a_role_is_told_the_whole_range_and_a_stranger_nothing(village: Village) -> None:
    for by in ("cadre", "mayor", "wang", "fitter"):
        assert await told(village, by) == [(-10, 1)], by
    assert await told(village, "owner") == [(-10, 1)]
    denied = await ask(village, "neighbour", 0, DAY_MS)
    assert (denied.allowed, list(denied.told)) == (False, [])


async def test_what_is_told_of_changes_no_decision(village: Village) -> None:
    long_ago = await ask(village, "cadre", 0, 31 * DAY_MS, "playback", GATE)
    assert long_ago.allowed, "though cadres of villages see seven days"


async def test_grants_and_consents_are_told_as_one(village: Village) -> None:
    parts = (("owner", -8, 24), ("owner", -3, 24))
    for by, hours, days in parts:
        await village.consent(
            by,
            audience=consent_pb2.Audience(principal=village.names["stranger"]),
            actions=["playback"],
            footage_from=village.ahead(hours * HOUR_MS),
            end_time=village.ahead(days * DAY_MS),
        )
    assert await told(village, "stranger") == [(-8, 1)]


async def test_an_incident_number_is_asked_of_the_footage_alone(village: Village) -> None:
    far = f"regions/{OTHER_VILLAGE}"
    await village.auth.add_person(
        "li", auth_pb2.VIEWER, scope=OTHER_VILLAGE, line=auth_pb2.POLICE, organisation="Far"
    )
    since = village.ahead(-HOUR_MS)
    audience = consent_pb2.Audience(line="police", region=far)
    await village.consent("owner", audience=audience, actions=["playback"], footage_from=since)
    now_ms = village.auth.clock.now_ms()
    assert not await village.sees("li", "playback", window=(now_ms - HOUR_MS, now_ms)), (
        "the purpose names none"
    )
    assert await told(village, "li") == [(-1, 1)]


async def test_a_case_is_told_by_its_window(village: Village) -> None:
    asking = await village.ask(
        "sergeant",
        actions=["playback"],
        window_start=village.ahead(-3 * HOUR_MS),
        window_end=village.ahead(-2 * HOUR_MS),
        beneficiary=village.names["stranger"],
    )
    await village.approve("inspector", asking.name)
    assert await told(village, "stranger") == [(-3, -2)]


async def test_an_auditor_is_told_of_no_footage_that_a_consent_opens(village: Village) -> None:
    await village.auth.add_person("watcher", auth_pb2.AUDITOR, scope=OTHER_VILLAGE, organisation="Audit")
    audience = consent_pb2.Audience(organisation="Audit")
    await village.consent(
        "owner", audience=audience, actions=["playback"], footage_from=village.ahead(-HOUR_MS)
    )
    assert (await ask(village, "watcher", 0, DAY_MS)).allowed
    assert await told(village, "watcher") == []


async def test_a_range_that_is_none_is_refused(village: Village) -> None:
    for start_ms, end_ms in ((5, 5), (5, 4), (0, 31 * DAY_MS + 1)):
        with pytest.raises(InvalidArgumentError) as refused:
            await ask(village, "cadre", start_ms, end_ms)
        assert refused.value.field == "tell"
    region = auth_pb2.AuthorizeRequest(
        access_token=await village.token("cadre"),
        action="camera.read",
        region=f"regions/{VILLAGE}",
        tell=auth_pb2.TimeRange(start_ms=0, end_ms=1),
    )
    with pytest.raises(InvalidArgumentError) as refused, remote_errors("services/auth"):
        await village.auth.access.Authorize(region)
    assert refused.value.field == "tell"


async def narrow(village: Village, by: str, digest: str = "") -> auth_pb2.ListVisibleCamerasResponse:
    request = auth_pb2.ListVisibleCamerasRequest(access_token=await village.token(by), digest=digest)
    return await village.auth.access.ListVisibleCameras(request)


async def test_the_list_of_cameras_names_those_that_no_role_shows(village: Village) -> None:
    assert list((await narrow(village, "owner")).narrow_camera_uids) == [HOME]
    for by in ("cadre", "neighbour", "stranger", "wang"):
        assert list((await narrow(village, by)).narrow_camera_uids) == [], by
    for by in ("cadre", "stranger"):
        await village.consent("owner", audience=consent_pb2.Audience(principal=village.names[by]))
    assert list((await narrow(village, "cadre")).narrow_camera_uids) == [], "it is in their village"
    seen = await narrow(village, "stranger")
    assert (list(seen.camera_uids), list(seen.narrow_camera_uids)) == ([HOME], [HOME])
    again = await narrow(village, "stranger", seen.digest)
    assert (again.digest, list(again.narrow_camera_uids)) == (seen.digest, [])


async def test_a_camera_that_comes_into_their_scope_is_narrow_no_more(village: Village) -> None:
    await village.consent("owner", audience=consent_pb2.Audience(principal=village.names["stranger"]))
    seen = await narrow(village, "stranger")
    share = auth_pb2.Jurisdiction(
        display_name="shared",
        region=f"regions/{VILLAGE}",
        camera_uids=[HOME],
        members=[village.names["stranger"]],
        reason="neighbours",
    )
    await village.auth.directory.CreateJurisdiction(auth_pb2.CreateJurisdictionRequest(jurisdiction=share))
    shared = await narrow(village, "stranger", seen.digest)
    assert (list(shared.camera_uids), list(shared.narrow_camera_uids)) == ([HOME], [])
    assert await told(village, "stranger") == [(-10, 1)]
