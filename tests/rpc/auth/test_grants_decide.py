"""What a decision rests on when a grant is in force, and admins whose scope is a jurisdiction."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.auth.app import MIGRATIONS
from services.auth.decision import Action, Decision
from services.auth.policy.engine import PolicyEngine
from services.auth.policy.policies import RULES, load_policies
from services.auth.rights import Asked, Rights
from snowlight.api.auth.v1 import auth_pb2, consent_pb2
from snowlight.database import Database, open_database
from snowlight.errors import PermissionDeniedError
from snowlight.rpc.status import remote_errors
from tests.parts.password import PASSWORD
from tests.rpc.auth.village import GATE, HOME, HOUR_MS, OTHER_VILLAGE, TOWN, VILLAGE, Village


@pytest.fixture
async def database(village: Village, database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, service="auth", migrations=MIGRATIONS) as opened:
        yield opened


async def decide(
    village: Village,
    database: Database,
    by: str,
    action: Action,
    uid: str,
    window: tuple[int, int] | None = None,
) -> Decision:
    rights = Rights(PolicyEngine(load_policies(RULES)), village.auth.clock, re.compile("[0-9]{4,}"))
    async with database.read() as connection:
        facts = await rights.facts(connection, [village.names[by]], [uid])
    principal = facts.principals[village.names[by]]
    return rights.on_camera(facts, principal, uid, action, Asked(window=window))


async def test_a_decision_names_the_grant_it_rests_on_and_its_policy(
    village: Village, database: Database
) -> None:
    assert not (await decide(village, database, "wang", Action.LIVE, HOME)).allowed
    asked = await village.ask("wang")
    await village.approve("sergeant", asked.name)
    consent = await village.consent("owner")
    by_case = await decide(village, database, "wang", Action.LIVE, HOME)
    assert (by_case.allowed, by_case.grants) == (True, (asked.name.removeprefix("grants/"),))
    assert "grant.case" in by_case.policies
    by_consent = await decide(village, database, "cadre", Action.LIVE, HOME)
    assert (by_consent.allowed, by_consent.grants) == (True, (consent.name.removeprefix("consents/"),))
    assert "grant.consent" in by_consent.policies
    assert (await decide(village, database, "cadre", Action.CAMERA_READ, HOME)).allowed


async def test_what_is_allowed_anyway_does_not_hang_on_a_grant(village: Village, database: Database) -> None:
    asked = await village.ask("wang", camera_uids=[GATE, HOME])
    await village.approve("sergeant", asked.name)
    decision = await decide(village, database, "wang", Action.LIVE, GATE)
    assert (decision.allowed, decision.grants) == (True, ())


async def test_no_grant_opens_more_than_pictures_nor_anything_to_an_auditor(
    village: Village, database: Database
) -> None:
    audience_of_all = await village.ask("wang")
    await village.approve("sergeant", audience_of_all.name)
    for action in (Action.PTZ, Action.HOLD, Action.CAMERA_MANAGE, Action.PRINCIPAL_MANAGE):
        assert not (await decide(village, database, "wang", action, HOME)).allowed, action
    now_ms = village.auth.clock.now_ms()
    assert not (
        await decide(village, database, "wang", Action.PLAYBACK, HOME, (now_ms - HOUR_MS, now_ms))
    ).allowed


async def test_an_admin_of_a_jurisdiction_decides_on_what_it_holds(village: Village) -> None:
    station = await jurisdiction(village, f"regions/{VILLAGE}")
    elsewhere = await jurisdiction(village, f"regions/{OTHER_VILLAGE}")
    chief = await admin_of(village, "chief", station)
    await admin_of(village, "other", elsewhere)
    asked = await village.ask("wang")
    with pytest.raises(PermissionDeniedError) as refused:
        await village.approve("other", asked.name)
    assert refused.value.code == "grant.not_admin"
    approved = await village.approve("chief", asked.name)
    assert approved.decided_by == chief
    assert (await village.ask("chief", "emergency")).state == "requested"
    with pytest.raises(PermissionDeniedError) as refused:
        await village.ask("other", "emergency")
    assert refused.value.code == "grant.outside_scope"


@pytest.mark.parametrize("held", [{"regions": [f"regions/{VILLAGE}"]}, {"camera_uids": [HOME]}])
async def test_an_admin_of_a_jurisdiction_is_told_of_what_it_holds_until_it_ends(
    village: Village, held: dict[str, list[str]]
) -> None:
    consent = await village.consent("owner")
    duty = await jurisdiction(village, expire_time=village.ahead(HOUR_MS), **held)
    await admin_of(village, "chief", duty)
    emergency = await village.ask("wang", "emergency")
    assert await told(village, "chief") == ([consent.name], [emergency.name], [emergency.name])
    village.auth.clock.ahead_s += 3601
    assert await told(village, "chief") == ([], [], [])
    assert await told(village, "sergeant") == ([consent.name], [emergency.name], [emergency.name])


async def told(village: Village, by: str) -> tuple[list[str], list[str], list[str]]:
    """Consents, grants, and grants that there are alerts of."""
    token, stub = await village.token(by), village.auth.consents
    consents = await stub.ListConsents(consent_pb2.ListConsentsRequest(access_token=token))
    grants = await stub.ListGrants(consent_pb2.ListGrantsRequest(access_token=token))
    alerts = await stub.ListAlerts(consent_pb2.ListAlertsRequest(access_token=token))
    return (
        [each.name for each in consents.consents],
        [each.name for each in grants.grants],
        [each.grant for each in alerts.alerts],
    )


async def jurisdiction(village: Village, *regions: str, **fields: Any) -> str:
    ordinary: dict[str, Any] = {"regions": regions}
    wanted = auth_pb2.Jurisdiction(
        display_name="station", region=f"regions/{TOWN}", reason="its district", **(ordinary | fields)
    )
    with remote_errors("services/auth"):
        request = auth_pb2.CreateJurisdictionRequest(jurisdiction=wanted)
        return (await village.auth.directory.CreateJurisdiction(request)).name


async def admin_of(village: Village, username: str, scope: str) -> str:
    principal = auth_pb2.Principal(
        username=username, line=auth_pb2.POLICE, roles=[auth_pb2.ADMIN], scope=scope
    )
    with remote_errors("services/auth"):
        made = await village.auth.directory.CreatePrincipal(
            auth_pb2.CreatePrincipalRequest(principal=principal, password=PASSWORD)
        )
    village.names[username] = made.name
    return made.name
