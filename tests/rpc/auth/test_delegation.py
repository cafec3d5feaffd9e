"""Admins give at most what they hold, and never their own rights."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.errors import (
    AbortedError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    SnowlightError,
    UnauthenticatedError,
)
from snowlight.rpc.status import remote_errors
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import Auth

COUNTY, TOWN, OTHER_TOWN, PROVINCE = "371326", "371326101", "371326102", "37"


@pytest.fixture(autouse=True)
async def pingyi(auth: Auth) -> None:
    """A province and a county with two towns; a camera and an admin in the first town."""
    await auth.add_region(PROVINCE, auth_pb2.PROVINCE)
    await auth.add_region(COUNTY, auth_pb2.COUNTY)
    await auth.add_region(TOWN, auth_pb2.TOWN)
    await auth.add_region(OTHER_TOWN, auth_pb2.TOWN)
    await auth.registry.put("gate", TOWN)
    await auth.add_person("town.admin", auth_pb2.ADMIN, scope=TOWN)


async def behalf(auth: Auth, username: str = "town.admin") -> auth_pb2.OnBehalfOf:
    return auth_pb2.OnBehalfOf(
        access_token=(await auth.sign_in(username)).access_token, remote_address="192.0.2.9"
    )


async def told(answer: Awaitable[Any]) -> Any:
    with remote_errors("services/auth"):
        return await answer


async def create(auth: Auth, who: str = "town.admin", **fields: Any) -> auth_pb2.Principal:
    draft: dict[str, Any] = {
        "username": "new",
        "line": auth_pb2.GOVERNMENT,
        "roles": [auth_pb2.VIEWER],
        "scope": f"regions/{TOWN}",
    }
    request = auth_pb2.CreatePrincipalRequest(
        principal=auth_pb2.Principal(**(draft | fields)),
        password=PASSWORD,
        on_behalf_of=await behalf(auth, who),
    )
    created: auth_pb2.Principal = await told(auth.directory.CreatePrincipal(request))
    return created


async def update(auth: Auth, name: str, who: str = "town.admin", **fields: Any) -> auth_pb2.Principal:
    etag = fields.pop("etag", "")
    request = auth_pb2.UpdatePrincipalRequest(
        principal=auth_pb2.Principal(name=name, etag=etag, **fields), on_behalf_of=await behalf(auth, who)
    )
    request.update_mask.paths.extend(fields)
    changed: auth_pb2.Principal = await told(auth.directory.UpdatePrincipal(request))
    return changed


async def allowed(auth: Auth, username: str, action: str, **resource: str) -> bool:
    token = (await auth.sign_in(username)).access_token
    answer = await auth.access.Authorize(
        auth_pb2.AuthorizeRequest(
            access_token=token,
            action=action,
            camera_uid=resource.get("camera_uid", ""),
        )
        if "camera_uid" in resource
        else auth_pb2.AuthorizeRequest(access_token=token, action=action, region=resource["region"])
    )
    return answer.allowed


async def test_an_admin_makes_people_in_their_own_scope_and_it_is_on_record(auth: Auth) -> None:
    created = await create(auth, roles=[auth_pb2.OPERATOR, auth_pb2.VIEWER])
    assert (created.tier, created.kind, created.scope) == (
        auth_pb2.TOWN,
        auth_pb2.PERSON,
        f"regions/{TOWN}",
    )
    assert await allowed(auth, "new", "live", camera_uid="gate")
    (record, *_) = await auth.audit("change")
    admin = (await auth.sign_in("town.admin")).principal
    assert (record.principal, record.remote_address, record.action) == (
        admin.name,
        "192.0.2.9",
        "principal.manage",
    )
    assert record.detail == f"{created.name} created: government viewer,operator regions/{TOWN}"
    resident = await create(auth, username="li.ming", line=auth_pb2.RESIDENT)
    assert resident.line == auth_pb2.RESIDENT


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"scope": f"regions/{OTHER_TOWN}"}, "auth.outside_scope", ""),
        ({"scope": f"regions/{COUNTY}"}, "auth.outside_scope", ""),
        ({"roles": [auth_pb2.AUDITOR]}, "auth.beyond_own_rights", "roles"),
        ({"line": auth_pb2.POLICE}, "auth.beyond_own_rights", "line"),
        ({"line": auth_pb2.CARRIER}, "auth.beyond_own_rights", "line"),
        ({"organisation": "广水市公安局"}, "auth.beyond_own_rights", "organisation"),
    ],
)
async def test_more_than_they_hold_is_refused(
    auth: Auth, fields: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(PermissionDeniedError) as raised:
        await create(auth, **fields)
    assert (raised.value.code, raised.value.field) == (code, field)


async def test_a_scope_that_does_not_exist_is_named_only_to_who_may_know(auth: Auth) -> None:
    with pytest.raises(PermissionDeniedError):
        await create(auth, scope="regions/999999")
    draft = auth_pb2.Principal(
        username="new", line=auth_pb2.GOVERNMENT, roles=[auth_pb2.VIEWER], scope="regions/999999"
    )
    with pytest.raises(InvalidArgumentError) as raised:
        await told(
            auth.directory.CreatePrincipal(
                auth_pb2.CreatePrincipalRequest(principal=draft, password=PASSWORD)
            )
        )
    assert raised.value.field == "scope"


async def test_the_gateway_gives_nothing_by_itself(auth: Auth) -> None:
    runtime = auth.runtime.named("gateway")
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)
        with pytest.raises(UnauthenticatedError, match=r"auth\.person_missing"):
            await told(directory.ListPrincipals(auth_pb2.ListPrincipalsRequest()))


async def test_viewers_give_nothing(auth: Auth) -> None:
    await create(auth)
    with pytest.raises(PermissionDeniedError, match=r"auth\.role_missing"):
        await create(auth, who="new", username="another")


async def test_nobody_changes_their_own_rights(auth: Auth) -> None:
    own = (await auth.sign_in("town.admin")).principal
    for fields in ({"roles": [auth_pb2.ADMIN, auth_pb2.AUDITOR]}, {"display_name": "我"}):
        with pytest.raises(PermissionDeniedError, match=r"auth\.own_rights"):
            await update(auth, own.name, **fields)


async def test_those_out_of_reach_do_not_exist(auth: Auth) -> None:
    other = await auth.add_person("neighbour", auth_pb2.VIEWER, scope=OTHER_TOWN)
    with pytest.raises(NotFoundError):
        await update(auth, other.name, disabled=True)
    listed = await told(
        auth.directory.ListPrincipals(auth_pb2.ListPrincipalsRequest(on_behalf_of=await behalf(auth)))
    )
    assert [one.username for one in listed.principals] == ["town.admin"]


async def test_a_disabled_principal_is_out_at_once(auth: Auth) -> None:
    created = await create(auth)
    signed_in = await auth.sign_in("new")
    await update(auth, created.name, disabled=True)
    request = auth_pb2.AuthorizeRequest(access_token=signed_in.access_token, action="live", camera_uid="gate")
    try:
        answer = await told(auth.access.Authorize(request))
    except UnauthenticatedError as error:  # auth has heard already that the session is over
        assert error.code == "auth.session_revoked"
    else:
        assert (answer.allowed, answer.reason) == (False, "auth.principal_disabled")
    with pytest.raises(SnowlightError):
        await told(auth.refresh(signed_in.refresh_token))


async def test_a_carriers_admin_manages_their_organisations_people_alone(auth: Auth) -> None:
    telecom = auth_pb2.Principal(
        username="telecom",
        line=auth_pb2.CARRIER,
        roles=[auth_pb2.ADMIN],
        scope=f"regions/{COUNTY}",
        organisation="电信平邑",
    )
    await auth.directory.CreatePrincipal(
        auth_pb2.CreatePrincipalRequest(principal=telecom, password=PASSWORD)
    )
    fields = {"line": auth_pb2.CARRIER, "scope": f"regions/{TOWN}"}
    await create(auth, "telecom", organisation="电信平邑", **fields)
    with pytest.raises(PermissionDeniedError) as raised:
        await create(auth, "telecom", username="other", organisation="联通平邑", **fields)
    assert raised.value.field == "organisation"


async def test_of_two_admins_who_race_one_is_told(auth: Auth) -> None:
    await auth.add_person("county.admin", auth_pb2.ADMIN, scope=COUNTY)
    created = await create(auth)
    outcomes = await asyncio.gather(
        update(auth, created.name, roles=[auth_pb2.OPERATOR], etag=created.etag),
        update(auth, created.name, "county.admin", disabled=True, etag=created.etag),
        return_exceptions=True,
    )
    (lost,) = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert isinstance(lost, AbortedError)
    assert (lost.code, lost.field) == ("auth.principal_changed", "etag")


async def test_a_special_duty_shares_cameras_until_it_ends(auth: Auth) -> None:
    """A county shares straight with the province's people: no prefix, a share."""
    await auth.add_person("county.admin", auth_pb2.ADMIN, scope=COUNTY)
    await auth.add_region("42", auth_pb2.PROVINCE)
    guest = await auth.add_person("guest", auth_pb2.VIEWER, scope="42")
    assert not await allowed(auth, "guest", "live", camera_uid="gate")
    draft = auth_pb2.Jurisdiction(
        display_name="春运",
        region=f"regions/{COUNTY}",
        camera_uids=["gate"],
        members=[guest.name],
        reason="春运保障",
    )
    draft.expire_time.FromMilliseconds(auth.clock.now_ms() + 3_600_000)
    made = await told(
        auth.directory.CreateJurisdiction(
            auth_pb2.CreateJurisdictionRequest(
                jurisdiction=draft, on_behalf_of=await behalf(auth, "county.admin")
            )
        )
    )
    token = (await auth.sign_in("guest")).access_token
    assert await allowed(auth, "guest", "live", camera_uid="gate")
    seen = await auth.access.ListVisibleCameras(auth_pb2.ListVisibleCamerasRequest(access_token=token))
    assert list(seen.camera_uids) == ["gate"]
    regions = await auth.access.ListVisibleRegions(auth_pb2.ListVisibleRegionsRequest(access_token=token))
    assert {region.name for region in regions.regions} == {"regions/42", f"regions/{TOWN}"}
    assert not await allowed(auth, "guest", "camera.manage", camera_uid="gate")
    auth.clock.ahead_s += 3601
    assert not await allowed(auth, "guest", "live", camera_uid="gate")
    listed = await told(auth.directory.ListJurisdictions(auth_pb2.ListJurisdictionsRequest()))
    assert [one.name for one in listed.jurisdictions] == [made.name]


async def test_a_jurisdiction_is_changed_by_the_line_that_made_it_and_not_by_whose_scope_it_is(
    auth: Auth,
) -> None:
    draft = auth_pb2.Jurisdiction(
        display_name="专项", region=f"regions/{TOWN}", regions=[f"regions/{TOWN}"], reason="专项任务"
    )
    made = await auth.directory.CreateJurisdiction(auth_pb2.CreateJurisdictionRequest(jurisdiction=draft))
    own = auth_pb2.Principal(
        username="duty", line=auth_pb2.GOVERNMENT, roles=[auth_pb2.ADMIN], scope=made.name
    )
    await auth.directory.CreatePrincipal(auth_pb2.CreatePrincipalRequest(principal=own, password=PASSWORD))
    for who in ("duty", "town.admin"):
        for call in (
            auth.directory.UpdateJurisdiction(
                auth_pb2.UpdateJurisdictionRequest(jurisdiction=made, on_behalf_of=await behalf(auth, who))
            ),
            auth.directory.DeleteJurisdiction(
                auth_pb2.DeleteJurisdictionRequest(name=made.name, on_behalf_of=await behalf(auth, who))
            ),
        ):
            with pytest.raises(PermissionDeniedError):
                await told(call)
    listed = await told(
        auth.directory.ListJurisdictions(auth_pb2.ListJurisdictionsRequest(on_behalf_of=await behalf(auth)))
    )
    assert not listed.jurisdictions


async def test_a_carrier_shares_no_regions(auth: Auth) -> None:
    telecom = auth_pb2.Principal(
        username="telecom",
        line=auth_pb2.CARRIER,
        roles=[auth_pb2.ADMIN],
        scope=f"regions/{COUNTY}",
        organisation="电信平邑",
    )
    await auth.directory.CreatePrincipal(
        auth_pb2.CreatePrincipalRequest(principal=telecom, password=PASSWORD)
    )
    officer = await auth.add_person("officer", auth_pb2.VIEWER, scope=TOWN, line=auth_pb2.POLICE)
    draft = auth_pb2.Jurisdiction(
        display_name="全县",
        region=f"regions/{COUNTY}",
        regions=[f"regions/{COUNTY}"],
        members=[officer.name],
        reason="x",
    )
    with pytest.raises(PermissionDeniedError) as raised:
        await told(
            auth.directory.CreateJurisdiction(
                auth_pb2.CreateJurisdictionRequest(
                    jurisdiction=draft, on_behalf_of=await behalf(auth, "telecom")
                )
            )
        )
    assert raised.value.field == "regions"


async def test_whoever_has_a_jurisdiction_with_a_removed_camera_can_still_be_disabled(auth: Auth) -> None:
    draft = auth_pb2.Jurisdiction(
        display_name="派出所", region=f"regions/{TOWN}", camera_uids=["gate"], reason="辖区"
    )
    assert await allowed(auth, "town.admin", "live", camera_uid="gate")  # the feed has told of it
    made = await auth.directory.CreateJurisdiction(auth_pb2.CreateJurisdictionRequest(jurisdiction=draft))
    someone = auth_pb2.Principal(
        username="someone", line=auth_pb2.GOVERNMENT, roles=[auth_pb2.VIEWER], scope=made.name
    )
    created = await auth.directory.CreatePrincipal(
        auth_pb2.CreatePrincipalRequest(principal=someone, password=PASSWORD)
    )
    await auth.registry.delete("gate")
    await auth.registry.put("marker", TOWN)
    assert await allowed(auth, "town.admin", "live", camera_uid="marker")
    assert (await update(auth, created.name, disabled=True)).disabled


async def test_a_police_stations_scope_is_its_jurisdiction(auth: Auth) -> None:
    draft = auth_pb2.Jurisdiction(
        display_name="派出所",
        region=f"regions/{TOWN}",
        regions=[f"regions/{OTHER_TOWN}"],
        reason="辖区",
    )
    made = await auth.directory.CreateJurisdiction(auth_pb2.CreateJurisdictionRequest(jurisdiction=draft))
    officer = auth_pb2.Principal(
        username="officer", line=auth_pb2.POLICE, roles=[auth_pb2.VIEWER], scope=made.name
    )
    created = await auth.directory.CreatePrincipal(
        auth_pb2.CreatePrincipalRequest(principal=officer, password=PASSWORD)
    )
    assert (created.scope, created.tier) == (made.name, auth_pb2.TOWN)
    await auth.registry.put("road", OTHER_TOWN)
    assert await allowed(auth, "officer", "live", camera_uid="road")
    assert not await allowed(auth, "officer", "live", camera_uid="gate")
    with pytest.raises(FailedPreconditionError, match=r"auth\.jurisdiction_in_use"):
        await told(auth.directory.DeleteJurisdiction(auth_pb2.DeleteJurisdictionRequest(name=made.name)))


@pytest.mark.parametrize(
    ("fields", "error", "field"),
    [
        ({"regions": [f"regions/{OTHER_TOWN}"]}, PermissionDeniedError, ""),
        ({"region": f"regions/{COUNTY}"}, PermissionDeniedError, ""),
        ({"camera_uids": ["nowhere"]}, PermissionDeniedError, "camera_uids"),
        ({"members": ["principals/nobody"]}, InvalidArgumentError, "members"),
        ({"regions": []}, InvalidArgumentError, "regions"),
        ({"reason": ""}, InvalidArgumentError, "reason"),
    ],
)
async def test_a_jurisdiction_holds_only_what_its_maker_manages(
    auth: Auth, fields: dict[str, Any], error: type[SnowlightError], field: str
) -> None:
    draft: dict[str, Any] = {
        "display_name": "集合",
        "region": f"regions/{TOWN}",
        "regions": [f"regions/{TOWN}"],
        "reason": "值班",
    }
    request = auth_pb2.CreateJurisdictionRequest(
        jurisdiction=auth_pb2.Jurisdiction(**(draft | fields)), on_behalf_of=await behalf(auth)
    )
    with pytest.raises(error) as raised:
        await told(auth.directory.CreateJurisdiction(request))
    assert raised.value.field == field


async def test_nobody_shares_with_themselves(auth: Auth) -> None:
    own = (await auth.sign_in("town.admin")).principal
    draft = auth_pb2.Jurisdiction(
        display_name="集合",
        region=f"regions/{TOWN}",
        regions=[f"regions/{TOWN}"],
        reason="值班",
        members=[own.name],
    )
    with pytest.raises(PermissionDeniedError, match=r"auth\.own_rights"):
        await told(
            auth.directory.CreateJurisdiction(
                auth_pb2.CreateJurisdictionRequest(jurisdiction=draft, on_behalf_of=await behalf(auth))
            )
        )


async def test_an_explanation_names_policies_and_facts_and_leaves_no_record(auth: Auth) -> None:
    officer = await auth.add_person("officer", auth_pb2.VIEWER, scope=TOWN, line=auth_pb2.POLICE)
    request = auth_pb2.ExplainDecisionRequest(principal=officer.name, action="playback", camera_uid="gate")
    denied = await told(auth.directory.ExplainDecision(request))
    assert (denied.allowed, denied.reason) == (False, "auth.incident_required")
    assert [policy.policy for policy in denied.policies] == ["limit.incident"]
    assert denied.policies[0].english and denied.policies[0].chinese
    assert f"line=police tier=4 roles=viewer scope=regions/{TOWN}" in denied.principal_facts
    assert (
        f"ownership=public owner=- operator=- listed=false deleted=false in={TOWN}<{COUNTY}<{PROVINCE}"
        == (denied.resource_facts)
    )
    request.purpose = "案件 20261126001"
    assert (await told(auth.directory.ExplainDecision(request))).allowed
    assert not await auth.audit()
    for wrong, field in (
        ({"principal": "principals/nobody"}, "principal"),
        ({"action": "fly"}, "action"),
        ({"camera_uid": "nowhere"}, "camera_uid"),
    ):
        with pytest.raises(SnowlightError) as raised:
            fields: dict[str, Any] = {
                "principal": officer.name,
                "action": "live",
                "camera_uid": "gate",
            } | wrong
            await told(auth.directory.ExplainDecision(auth_pb2.ExplainDecisionRequest(**fields)))
        assert raised.value.field == field
