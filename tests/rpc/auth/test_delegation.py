"""Admins give people at most what they hold, and never change their own rights."""

import asyncio
from typing import Any

import pytest

from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.errors import (
    AbortedError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    SnowlightError,
    UnauthenticatedError,
)
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.delegating import COUNTY, OTHER_TOWN, TOWN, allowed, behalf, create, told, update

pytestmark = pytest.mark.usefixtures("pingyi")


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
