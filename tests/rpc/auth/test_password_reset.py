"""A forgotten password is reset by an admin of the region: once told, good for choosing another."""

from __future__ import annotations

from typing import Any

import pytest

from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import (
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.delegating import COUNTY, OTHER_TOWN, TOWN, behalf, create, told

pytestmark = pytest.mark.usefixtures("pingyi")
NEW = "a password of my own"


async def reset(auth: Auth, name: str, who: str = "town.admin") -> str:
    request = auth_pb2.ResetPasswordRequest(name=name, on_behalf_of=await behalf(auth, who))
    return str((await told(auth.directory.ResetPassword(request))).temporary_password)


async def sign_in(auth: Auth, username: str, password: str, new_password: str = "") -> Any:
    request = auth_pb2.IssueTokenRequest(
        grant_type="password", username=username, password=password, new_password=new_password
    )
    return await told(auth.tokens.IssueToken(request))


async def test_a_temporary_password_is_good_for_choosing_another(auth: Auth) -> None:
    person = await create(auth)
    running = await auth.sign_in("new")
    temporary = await reset(auth, person.name)
    with pytest.raises(UnauthenticatedError):
        await sign_in(auth, "new", PASSWORD)
    refresh = auth_pb2.IssueTokenRequest(grant_type="refresh_token", refresh_token=running.refresh_token)
    with pytest.raises(UnauthenticatedError):
        await told(auth.tokens.IssueToken(refresh))
    with pytest.raises(PermissionDeniedError) as raised:
        await sign_in(auth, "new", temporary)
    assert (raised.value.code, raised.value.field) == ("auth.password_must_change", "new_password")
    for bad in ("short", temporary):
        with pytest.raises(InvalidArgumentError) as weak:
            await sign_in(auth, "new", temporary, new_password=bad)
        assert weak.value.field == "new_password"
    with pytest.raises(UnauthenticatedError):
        await sign_in(auth, "new", "not the password", new_password=NEW)
    assert (await sign_in(auth, "new", temporary, new_password=NEW)).access_token
    with pytest.raises(UnauthenticatedError):
        await sign_in(auth, "new", temporary, new_password=NEW)
    assert (await sign_in(auth, "new", NEW)).principal.name == person.name
    with pytest.raises(InvalidArgumentError):
        await sign_in(auth, "new", NEW, new_password="another one of mine")


async def test_it_is_on_record_without_the_password(auth: Auth) -> None:
    person = await create(auth)
    temporary = await reset(auth, person.name)
    await sign_in(auth, "new", temporary, new_password=NEW)
    records = await auth.audit("change")
    changed, given = records[:2]
    assert (given.action, given.detail) == (
        "principal.manage",
        f"{person.name} given a temporary password",
    )
    assert given.principal == (await auth.sign_in("town.admin")).principal.name
    assert (changed.principal, changed.action) == (person.name, "password.change")
    assert temporary not in str(records)


async def test_nobody_resets_who_may_do_more(auth: Auth) -> None:
    county = await auth.add_person("county.admin", auth_pb2.ADMIN, scope=COUNTY)
    other = await auth.add_person("other.viewer", auth_pb2.VIEWER, scope=OTHER_TOWN)
    auditor = await auth.add_person("town.auditor", auth_pb2.AUDITOR, scope=TOWN)
    viewer = await create(auth)
    own = (await auth.sign_in("town.admin")).principal
    for name in (county.name, other.name, "principals/none"):
        with pytest.raises(NotFoundError):
            await reset(auth, name)
    for name, code in ((auditor.name, "auth.beyond_own_rights"), (own.name, "auth.own_rights")):
        with pytest.raises(PermissionDeniedError) as raised:
            await reset(auth, name)
        assert raised.value.code == code
    with pytest.raises(PermissionDeniedError):
        await reset(auth, own.name, who="new")
    assert await reset(auth, viewer.name, who="county.admin")


async def test_a_member_of_what_lies_elsewhere_and_an_owner_are_beyond_reach(auth: Auth) -> None:
    person = await create(auth)
    county = await auth.add_person("county.admin", auth_pb2.ADMIN, scope=COUNTY)
    assert county.name
    duty = auth_pb2.Jurisdiction(
        display_name="feast",
        region=f"regions/{COUNTY}",
        regions=[f"regions/{OTHER_TOWN}"],
        members=[person.name],
        reason="duty",
    )
    made = await told(
        auth.directory.CreateJurisdiction(
            auth_pb2.CreateJurisdictionRequest(
                jurisdiction=duty, on_behalf_of=await behalf(auth, "county.admin")
            )
        )
    )
    with pytest.raises(PermissionDeniedError):
        await reset(auth, person.name)
    end = auth_pb2.DeleteJurisdictionRequest(name=made.name, on_behalf_of=await behalf(auth, "county.admin"))
    await told(auth.directory.DeleteJurisdiction(end))
    assert await reset(auth, person.name)
    await auth.registry.put("door", TOWN, owner=person.name)
    with pytest.raises(PermissionDeniedError) as raised:
        await reset(auth, person.name)
    assert (raised.value.code, raised.value.field) == ("auth.beyond_own_rights", "name")


async def test_who_has_no_password_is_given_none(auth: Auth) -> None:
    await auth.add_person("sergeant", auth_pb2.ADMIN, scope=TOWN, line=auth_pb2.POLICE)
    system = await auth.add_system_principal("platform", TOWN)
    with pytest.raises(InvalidArgumentError) as raised:
        await reset(auth, system.name, who="sergeant")
    assert raised.value.field == "name"
