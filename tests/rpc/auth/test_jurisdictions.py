"""Cameras and regions that are shared for a duty: by whom, with whom, and how long."""

from typing import Any

import pytest

from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    PermissionDeniedError,
    SnowlightError,
)
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.delegating import COUNTY, OTHER_TOWN, TOWN, allowed, behalf, told, update

pytestmark = pytest.mark.usefixtures("pingyi")


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
    ticket = await auth.access.CreateTicket(
        auth_pb2.CreateTicketRequest(access_token=token, camera_uid="gate", action="live")
    )
    claims = await auth.verifier.ticket(ticket.ticket)
    assert claims.until_ms == draft.expire_time.ToMilliseconds(), "gateways ask again then"
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
