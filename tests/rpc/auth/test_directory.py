"""Regions and principals, as administration makes them."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import AlreadyExistsError, InvalidArgumentError, NotFoundError
from snowlight.rpc.status import remote_errors
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import Auth


async def create_region(auth: Auth, **fields: Any) -> auth_pb2.Region:
    region: Any = {"name": "regions/37", "level": auth_pb2.PROVINCE, "display_name": "山东省"} | fields
    with remote_errors("services/auth"):
        return await auth.directory.CreateRegion(auth_pb2.CreateRegionRequest(region=region))


async def visible(auth: Auth, username: str) -> list[str]:
    token = (await auth.sign_in(username)).access_token
    with remote_errors("services/auth"):
        answer = await auth.access.ListVisibleRegions(auth_pb2.ListVisibleRegionsRequest(access_token=token))
    return [region.name.removeprefix("regions/") for region in answer.regions]


async def test_a_region_keeps_what_it_was_created_with(auth: Auth) -> None:
    created = await create_region(
        auth,
        name="regions/371326",
        level=auth_pb2.COUNTY,
        display_name=" 平邑县 ",
        valid_from=Timestamp(seconds=1_000_000),
        valid_to=Timestamp(seconds=4_000_000_000),
        households=320_000,
        population=1_050_000,
    )
    assert created == auth_pb2.Region(
        name="regions/371326",
        parent="",
        level=auth_pb2.COUNTY,
        display_name="平邑县",
        valid_from=Timestamp(seconds=1_000_000),
        valid_to=Timestamp(seconds=4_000_000_000),
        households=320_000,
        population=1_050_000,
    )
    answer = await auth.directory.ListRegions(auth_pb2.ListRegionsRequest())
    assert list(answer.regions) == [created]


async def test_the_parent_follows_from_the_code_unless_it_is_named(auth: Auth) -> None:
    """Xiantao (429004) is a county-level city under its province: no 4290 exists. A square of the county may
    be run by the town next to the one its code says.
    """
    await auth.add_region("42", auth_pb2.PROVINCE)
    await auth.add_region("4213", auth_pb2.PREFECTURE)
    parents = [
        (await auth.add_region(*region)).parent
        for region in (
            ("429004", auth_pb2.COUNTY),
            ("421381", auth_pb2.COUNTY),
            ("421381101", auth_pb2.TOWN),
            ("421381102", auth_pb2.TOWN),
            ("421381101201", auth_pb2.VILLAGE),
            ("421381101202", auth_pb2.VILLAGE, "regions/421381102"),
            ("421381101201-g1", auth_pb2.GRID),
            ("421381101201-g1h2", auth_pb2.HOUSEHOLD_REGION, "regions/421381101201-g1"),
        )
    ]
    assert parents == [
        "regions/42",
        "regions/4213",
        "regions/421381",
        "regions/421381",
        "regions/421381101",
        "regions/421381102",
        "regions/421381101201",
        "regions/421381101201-g1",
    ]


async def test_rights_walk_parents_and_not_prefixes(auth: Auth) -> None:
    """A village whose code says the first town lies in the second: the first town does not see it."""
    await auth.add_region("371326", auth_pb2.COUNTY)
    await auth.add_region("371326101", auth_pb2.TOWN)
    await auth.add_region("371326102", auth_pb2.TOWN)
    await auth.add_region("371326101201", auth_pb2.VILLAGE, "regions/371326102")
    await auth.add_person("first.town", auth_pb2.VIEWER, scope="371326101")
    await auth.add_person("second.town", auth_pb2.VIEWER, scope="371326102")
    await auth.registry.put("gate", "371326101201")

    assert await visible(auth, "first.town") == ["371326101"]
    assert await visible(auth, "second.town") == ["371326102", "371326101201"]
    allowed = {}
    for username in ("first.town", "second.town"):
        token = (await auth.sign_in(username)).access_token
        answer = await auth.access.Authorize(
            auth_pb2.AuthorizeRequest(access_token=token, action="live", camera_uid="gate")
        )
        allowed[username] = answer.allowed
    assert allowed == {"first.town": False, "second.town": True}


async def test_a_person_sees_the_regions_of_their_scope_that_exist_today_parents_first(auth: Auth) -> None:
    await auth.add_region("3713", auth_pb2.PREFECTURE)
    await auth.add_region("371326", auth_pb2.COUNTY)
    await auth.add_region("371326102", auth_pb2.TOWN)
    await auth.add_region("371326101", auth_pb2.TOWN)
    await auth.add_region("371326102201", auth_pb2.VILLAGE)
    past, future = {"seconds": 1}, {"seconds": 4_000_000_000}
    town = {"level": auth_pb2.TOWN, "display_name": "town"}
    await create_region(auth, name="regions/371326103", valid_from=past, valid_to={"seconds": 2}, **town)
    await create_region(auth, name="regions/371326104", valid_from=future, **town)
    await create_region(auth, name="regions/371326105", valid_from=past, valid_to=future, **town)
    await auth.add_person("county", auth_pb2.VIEWER, scope="371326")
    assert await visible(auth, "county") == [
        "371326",
        "371326101",
        "371326102",
        "371326105",
        "371326102201",
    ]


IMPOSSIBLE_REGIONS: list[tuple[dict[str, Any], str]] = [
    ({"name": "37"}, "name"),
    ({"name": "regions/371"}, "name"),
    ({"name": "regions/4213", "parent": "regions/4213"}, "parent"),
    ({"name": "regions/4213", "parent": "4213"}, "parent"),
    ({"name": "regions/4213", "parent": "regions/99"}, "parent"),
    ({"name": "regions/4213", "parent": "regions/42", "level": auth_pb2.PROVINCE}, "level"),
    ({"name": "regions/4213"}, "level"),
    ({"level": auth_pb2.REGION_LEVEL_UNSPECIFIED}, "level"),
    ({"level": 9}, "level"),
    ({"display_name": " "}, "display_name"),
    ({"display_name": "a\x00"}, "display_name"),
    ({"valid_from": {"seconds": 5}, "valid_to": {"seconds": 5}}, "valid_to"),
    ({"valid_to": {"seconds": 10**15}}, "valid_to"),
    ({"households": -1}, "households"),
    ({"population": -1}, "population"),
]


async def test_a_region_that_cannot_be_is_refused_by_field(auth: Auth) -> None:
    await auth.add_region("42", auth_pb2.PROVINCE)
    for fields, field in IMPOSSIBLE_REGIONS:
        with pytest.raises(InvalidArgumentError) as raised:
            await create_region(auth, **fields)
        assert raised.value.field == field
    answer = await auth.directory.ListRegions(auth_pb2.ListRegionsRequest())
    assert len(answer.regions) == 1


async def test_codes_and_user_names_are_given_once(auth: Auth) -> None:
    await auth.add_region("42", auth_pb2.PROVINCE)
    with pytest.raises(AlreadyExistsError), remote_errors("services/auth"):
        await auth.add_region("42", auth_pb2.PROVINCE)
    await auth.add_person("wang", auth_pb2.VIEWER, scope="42")
    with pytest.raises(AlreadyExistsError), remote_errors("services/auth"):
        await auth.add_person("WANG", auth_pb2.ADMIN, scope="42")


IMPOSSIBLE_PRINCIPALS: list[tuple[dict[str, Any], str]] = [
    ({"username": "a b"}, "username"),
    ({"line": auth_pb2.LINE_UNSPECIFIED}, "line"),
    ({"line": 77}, "line"),
    ({"roles": []}, "roles"),
    ({"roles": [auth_pb2.ROLE_UNSPECIFIED]}, "roles"),
    ({"roles": [auth_pb2.ADMIN], "line": auth_pb2.RESIDENT}, "roles"),
    ({"scope": ""}, "scope"),
    ({"scope": "regions/99"}, "scope"),
    ({"password": "short"}, "password"),
    ({"organisation": "x" * 201}, "organisation"),
]


async def test_a_principal_that_cannot_be_is_refused_by_field(auth: Auth) -> None:
    await auth.add_region("42", auth_pb2.PROVINCE)
    for fields, field in IMPOSSIBLE_PRINCIPALS:
        principal: Any = {
            "username": "wang",
            "line": auth_pb2.POLICE,
            "roles": [auth_pb2.VIEWER],
            "scope": "regions/42",
        } | fields
        password = principal.pop("password", PASSWORD)
        with pytest.raises(InvalidArgumentError) as raised, remote_errors("services/auth"):
            await auth.directory.CreatePrincipal(
                auth_pb2.CreatePrincipalRequest(principal=principal, password=password)
            )
        assert raised.value.field == field


async def test_lists_come_in_pages(auth: Auth) -> None:
    codes = ["11", "12", "13", "14", "15"]
    for code in codes:
        await auth.add_region(code, auth_pb2.PROVINCE)
    listed: list[str] = []
    sizes: list[int] = []
    token = ""
    while not sizes or token:
        answer = await auth.directory.ListRegions(auth_pb2.ListRegionsRequest(page_size=2, page_token=token))
        listed += [region.name.removeprefix("regions/") for region in answer.regions]
        sizes.append(len(answer.regions))
        token = answer.next_page_token
    assert (listed, sizes) == (codes, [2, 2, 1])

    for username in ("li", "wang", "zhang"):
        await auth.add_person(username, auth_pb2.VIEWER, scope="11")
    first = await auth.directory.ListPrincipals(auth_pb2.ListPrincipalsRequest(page_size=2))
    second = await auth.directory.ListPrincipals(
        auth_pb2.ListPrincipalsRequest(page_size=2, page_token=first.next_page_token)
    )
    names = [principal.username for answer in (first, second) for principal in answer.principals]
    assert (names, second.next_page_token) == (["li", "wang", "zhang"], "")


async def test_a_password_of_nobody_cannot_be_set(auth: Auth) -> None:
    for name in ("principals/none", "none", ""):
        with pytest.raises(NotFoundError), remote_errors("services/auth"):
            await auth.directory.SetPassword(auth_pb2.SetPasswordRequest(name=name, password=PASSWORD))
