"""A bureau hears what is on record of its own officers, and nothing of others."""

from typing import Any

import pytest

from snowlight.api.access.v1 import audit_pb2, audit_pb2_grpc, evidence_pb2, grant_pb2, grant_pb2_grpc
from snowlight.errors import InvalidArgumentError, PermissionDeniedError
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door
from tests.rpc.access.exporting import at, evidence

Record = audit_pb2.AccessRecord


async def listed(bureau: Bureau, **fields: Any) -> audit_pb2.ListMyAccessResponse:
    stub: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(bureau.channel)
    with remote_errors("services/gateway"):
        return await stub.ListMyAccess(audit_pb2.ListMyAccessRequest(**fields), timeout=20)


async def be_refused(door: Door, bureau: Bureau, officer: str, camera: str = "cameras/gate") -> None:
    """Ask for an export without an incident's number: denied, and on record."""
    start_ms = door.site.clock.now_ms() - 60_000
    request = evidence_pb2.CreateExportRequest(
        cameras=[camera], start_time=at(start_ms), end_time=at(start_ms + 1_000), reason="theft"
    )
    with pytest.raises(PermissionDeniedError), remote_errors("services/gateway"):
        await evidence(bureau).CreateExport(request, metadata=bureau.officer(officer, incident="none"))


async def ask_for_a_grant(bureau: Bureau, officer: str) -> None:
    stub: grant_pb2_grpc.GrantsAsyncStub = grant_pb2_grpc.GrantsStub(bureau.channel)
    emergency = grant_pb2.Grant(
        kind=grant_pb2.Grant.EMERGENCY, cameras=["cameras/gate"], reason="screams behind a door"
    )
    with remote_errors("services/gateway"):
        await stub.RequestGrant(
            grant_pb2.RequestGrantRequest(grant=emergency), metadata=bureau.officer(officer)
        )


async def test_a_client_hears_of_its_own_officers_alone_newest_first(door: Door, bureau: Bureau) -> None:
    uid = await door.site.add_camera("gate")
    another = await door.enrol("another")
    await be_refused(door, bureau, "031877")
    await be_refused(door, another, "099999")
    await ask_for_a_grant(bureau, "031878")
    granted, refused = (await listed(bureau)).records
    assert (refused.event, refused.action, refused.camera) == (Record.DECISION, "export", "cameras/gate")
    assert (refused.allowed, refused.reason) == (False, "auth.incident_required")
    assert (refused.officer, refused.unit, refused.purpose) == ("031877", "城关派出所", "none: theft")
    assert refused.window_end_time.seconds == refused.window_start_time.seconds + 1
    assert refused.remote_address == "127.0.0.1"
    assert (granted.event, granted.action, granted.officer) == (Record.CHANGE, "grant.request", "031878")
    assert [each.officer for each in (await listed(another)).records] == ["099999"]

    assert (await door.site.call("DELETE", "/v1/cameras/gate", await door.site.token("root")))[0] == 204
    (*_, oldest) = (await listed(bureau, camera=uid)).records
    assert oldest.camera == uid, "a camera that is gone is named by its uid"


async def test_a_camera_a_time_and_pages_narrow_it(door: Door, bureau: Bureau) -> None:
    for camera in ("gate", "lane"):
        await door.site.add_camera(camera)
        await be_refused(door, bureau, "031877", f"cameras/{camera}")
    assert [each.camera for each in (await listed(bureau, camera="cameras/lane")).records] == ["cameras/lane"]
    assert not (await listed(bureau, camera="cameras/nowhere")).records
    now_ms = door.site.clock.now_ms()
    assert len((await listed(bureau, start_time=at(now_ms - 60_000), end_time=at(now_ms + 1))).records) == 2
    assert not (await listed(bureau, end_time=at(now_ms - 60_000))).records
    first = await listed(bureau, page_size=1)
    second = await listed(bureau, page_size=1, page_token=first.next_page_token)
    names = [each.camera for each in (*first.records, *second.records)]
    assert (names, second.next_page_token) == (["cameras/lane", "cameras/gate"], "")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"page_size": 1001}, "page_size"),
        ({"page_token": "?"}, "page_token"),
        ({"start_time": at(now_ms), "end_time": at(now_ms)}, "end_time"),
    ]
    for fields, field in wrong:
        with pytest.raises(InvalidArgumentError) as refused:
            await listed(bureau, **fields)
        assert refused.value.field == field
