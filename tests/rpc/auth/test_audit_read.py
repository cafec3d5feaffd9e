"""Who reads what of the audit, page by page."""

import grpc
import pytest

from snowlight.api.auth.v1 import audit_pb2, auth_pb2
from snowlight.errors import PermissionDeniedError, UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.parts.password import PASSWORD
from tests.rpc.auth.audit_log import WHOLE, auditor, cameras_of, look, page
from tests.rpc.auth.cluster import Auth

pytestmark = pytest.mark.usefixtures("two_counties")


async def test_pages_come_newest_first_without_hole_or_repeat(auth: Auth) -> None:
    for number in range(5):
        await look(auth, "root", "gate-371326", purpose=str(number))
    found: list[str] = []
    token = ""
    sizes: list[int] = []
    while token or not sizes:
        answer = await page(auth, token=token, size=2, action="live")
        found += [record.purpose for record in answer.records]
        sizes.append(len(answer.records))
        token = answer.next_page_token
        await look(auth, "root", "gate-371327", purpose="later")  # comes in front of the first page
    assert (found, sizes) == (["4", "3", "2", "1", "0"], [2, 2, 1])


async def test_a_record_tells_who_what_where_and_its_place_in_the_chain(auth: Auth) -> None:
    await look(auth, "viewer371326", "grid-371326", "playback", purpose="丢牛", remote_address="192.0.2.7")
    record = (await page(auth)).records[0]
    assert (record.action, record.camera_uid, record.region) == ("playback", "grid-371326", "371326101201G1")
    assert (record.tier, record.scope, record.remote_address) == (3, "regions/371326", "192.0.2.7")
    assert record.day == record.time.ToDatetime().strftime("%Y-%m-%d")
    head = await auth.audit_log.GetAuditHead(audit_pb2.GetAuditHeadRequest())
    assert (head.day, head.count, head.hash, head.sealed) == (record.day, record.position, record.hash, False)


async def test_each_auditor_sees_their_own_region_as_it_was_then(auth: Auth) -> None:
    for county in ("371326", "371327"):
        for camera in ("gate", "grid"):
            assert await look(auth, f"viewer{county}", f"{camera}-{county}")
    east, west = ["grid-371327", "gate-371327"], ["grid-371326", "gate-371326"]
    for scope, expected in (
        ("3713", [*east, *west]),
        ("371326", west),
        ("371327101", east),
        ("371326101201", west),
        ("371326101201G1", ["grid-371326"]),
    ):
        assert await cameras_of(auth, await auditor(auth, scope)) == expected
    await auth.registry.put("gate-371326", "371327101201")  # it moves, the past does not
    await auth.registry.put("marker", "371327101201")
    while not await look(auth, "root", "marker"):
        pass  # each answer waits for the feed
    await look(auth, "root", "gate-371326")
    token = (await auth.sign_in("auditor.371326")).access_token
    assert await cameras_of(auth, token, camera_uid="gate-371326") == ["gate-371326"]


async def test_what_is_about_no_known_camera_is_about_the_scope_of_who_asked(auth: Auth) -> None:
    assert not await look(auth, "viewer371326", "nowhere")
    assert await cameras_of(auth, await auditor(auth, "371326")) == ["nowhere"]
    assert await cameras_of(auth, await auditor(auth, "371326101")) == []


async def test_changes_of_people_are_told_where_those_are(auth: Auth) -> None:
    records = (await page(auth, await auditor(auth, "371326"))).records
    people = [record for record in records if record.action == "principal.manage"]
    assert [(record.event, record.region) for record in people] == [("change", "371326")] * 2
    regions = {record.region for record in records if record.action == "region.manage"}
    assert regions == {"371326", "371326101", "371326101201", "371326101201G1"}
    assert {record.detail.split(" ")[1] for record in records} == {"created:"}


async def test_an_auditor_of_a_jurisdiction_sees_what_it_holds(auth: Auth) -> None:
    for county in ("371326", "371327"):
        for camera in ("gate", "grid"):
            await look(auth, f"viewer{county}", f"{camera}-{county}")
    wanted = auth_pb2.Jurisdiction(
        display_name="东片",
        reason="专项",
        region="regions/3713",
        regions=["regions/371327101"],
        camera_uids=["gate-371326"],
    )
    made = await auth.directory.CreateJurisdiction(auth_pb2.CreateJurisdictionRequest(jurisdiction=wanted))
    east = auth_pb2.Principal(
        username="east", line=auth_pb2.GOVERNMENT, roles=[auth_pb2.AUDITOR], scope=made.name
    )
    await auth.directory.CreatePrincipal(auth_pb2.CreatePrincipalRequest(principal=east, password=PASSWORD))
    token = (await auth.sign_in("east")).access_token
    assert await cameras_of(auth, token) == ["grid-371327", "gate-371327", "gate-371326"]


@pytest.mark.parametrize("role", [auth_pb2.VIEWER, auth_pb2.OPERATOR, auth_pb2.ADMIN])
async def test_the_audit_is_for_auditors(auth: Auth, role: auth_pb2.Role.ValueType) -> None:
    await auth.add_person("other", role, scope="3713")
    token = (await auth.sign_in("other")).access_token
    with pytest.raises(PermissionDeniedError, match=r"auth\."):
        await page(auth, token)
    with pytest.raises(UnauthenticatedError):
        await page(auth, "no token")


async def test_only_services_read_the_audit(auth: Auth) -> None:
    async with grpc.aio.insecure_channel(auth.runtime.cluster.auth_address) as channel:
        stub = type(auth.audit_log)(channel)
        with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
            await stub.ListAuditRecords(audit_pb2.ListAuditRecordsRequest(reader=WHOLE))


async def test_anybody_may_read_what_is_on_record_of_themselves(auth: Auth) -> None:
    for person in ("viewer371326", "viewer371327"):
        await look(auth, person, "gate-371326", purpose=person)
    token = (await auth.sign_in("viewer371326")).access_token
    own = audit_pb2.ListOwnAuditRecordsRequest(access_token=token, page_size=1)
    with remote_errors("services/auth"):
        answer = await auth.audit_log.ListOwnAuditRecords(own)
        assert [record.purpose for record in answer.records] == ["viewer371326"]
        assert answer.next_page_token == ""
        elsewhere = audit_pb2.ListOwnAuditRecordsRequest(access_token=token, camera_uid="gate-371327")
        assert not (await auth.audit_log.ListOwnAuditRecords(elsewhere)).records
    with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
        await auth.audit_log.ListOwnAuditRecords(audit_pb2.ListOwnAuditRecordsRequest(access_token="none"))
