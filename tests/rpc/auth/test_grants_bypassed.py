"""Ways around a second person and around a beneficiary, which are closed."""

import pytest

from snowlight.api.auth.v1 import auth_pb2, consent_pb2
from snowlight.errors import FailedPreconditionError, PermissionDeniedError
from snowlight.rpc.status import remote_errors
from tests.parts.password import PASSWORD
from tests.rpc.auth.test_admin import admin
from tests.rpc.auth.village import DAY_MS, HOME, TOWN, Village


async def test_an_account_that_the_requester_made_is_no_second_person(village: Village) -> None:
    puppet = auth_pb2.Principal(
        username="puppet", line=auth_pb2.POLICE, roles=[auth_pb2.ADMIN], scope=f"regions/{TOWN}"
    )
    with remote_errors("services/auth"):
        await village.auth.directory.CreatePrincipal(
            auth_pb2.CreatePrincipalRequest(
                principal=puppet,
                password=PASSWORD,
                on_behalf_of=auth_pb2.OnBehalfOf(access_token=await village.token("sergeant")),
            )
        )
    asked = await village.ask("sergeant")
    with pytest.raises(PermissionDeniedError) as refused:
        await village.approve("puppet", asked.name)
    assert refused.value.code == "grant.made_by_requester"


async def test_what_a_grant_opens_is_not_passed_on_to_guests(village: Village) -> None:
    asked = await village.ask("wang")
    await village.approve("sergeant", asked.name)
    assert await village.sees("wang")
    with pytest.raises(PermissionDeniedError) as refused, remote_errors("services/auth"):
        await village.auth.access.CreateShareLink(
            auth_pb2.CreateShareLinkRequest(
                access_token=await village.token("wang"),
                camera_uid=HOME,
                action="live",
                purpose="to show a friend",
                expire_time=village.ahead(3_600_000),
            )
        )
    assert refused.value.code == "auth.grant_not_shared"


async def test_the_notice_of_an_emergency_that_was_denied_is_not_deferred(village: Village) -> None:
    begun = await village.ask("wang", "emergency")
    await village.decide("deny", "sergeant", begun.name)
    request = consent_pb2.DeferNoticeRequest(
        access_token=await village.token("sergeant"),
        name=begun.name,
        notice_time=village.ahead(10 * DAY_MS),
        reason="still being looked into",
    )
    with pytest.raises(FailedPreconditionError) as refused, remote_errors("services/auth"):
        await village.auth.consents.DeferNotice(request)
    assert refused.value.code == "grant.not_deferrable"


async def test_the_administrator_ends_a_grant_for_good(village: Village) -> None:
    asked = await village.ask("wang")
    approved = await village.approve("sergeant", asked.name)
    assert await village.sees("wang")
    name = approved.name.partition("/")[2]
    status, _, errors = await admin(
        village.auth, "revoke", "grant", name, "--by", "captain Wu", "--reason", "the case is closed"
    )
    assert (status, errors) == (0, "")
    assert not await village.sees("wang")
    assert (await village.grant("wang", approved.name)).state == "revoked"
