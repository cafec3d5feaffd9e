"""A bureau takes footage along, in an officer's name."""

import asyncio
import hashlib
import io
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from snowlight.api.access.v1 import evidence_pb2
from snowlight.api.storage.v1 import export_pb2
from snowlight.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from snowlight.evidence.signature import evidence_key
from snowlight.evidence.verification import verify
from snowlight.rpc.status import remote_errors
from tests.rpc.access.exporting import (
    REASON,
    Desk,
    around,
    at,
    evidence,
    record_damaged,
    send_away,
)
from tests.rpc.gateway.exporting import LONG, grow
from tests.rpc.gateway.people import OTHER
from tests.rpc.gateway.streaming import come, look

pytestmark = pytest.mark.asyncio(loop_scope="module")
Export, Place = evidence_pb2.Export, evidence_pb2.CreateExportRequest.Place
MINUTE_MS = 60_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def export(desk: Desk) -> evidence_pb2.Export:
    """One that is whole, of both cameras; the clock of "gate" is known."""
    come(desk.door.site, desk.yard.uids["gate"], "cameras/gate")
    look(desk.door.site)
    return await desk.done(cameras=["cameras/gate", "cameras/lane"])


async def test_an_export_is_followed_to_its_end(desk: Desk, export: evidence_pb2.Export) -> None:
    assert (export.state, export.percent, export.error) == (Export.SUCCEEDED, 100, "")
    assert list(export.cameras) == ["cameras/gate", "cameras/lane"]
    assert (export.incident, export.reason) == ("case 2026-118", REASON)
    assert [file.camera for file in export.files] == ["cameras/gate", "cameras/lane"]
    assert export.expire_time.seconds > export.create_time.seconds
    assert not export.HasField("immutable_until_time")
    assert await desk.call("GetExport", evidence_pb2.GetExportRequest(name=export.name)) == export
    (again,) = [told async for told in desk.watched(export.name)]
    assert again == export, "one that is over is told once"


async def test_what_is_taken_along_verifies_without_any_service(
    desk: Desk, export: evidence_pb2.Export, tmp_path: Path
) -> None:
    answers = await desk.downloaded(export.name)
    whole = b"".join(answer.data for answer in answers)
    assert (answers[0].size, {answer.size for answer in answers[1:]}) == (len(whole), {0})
    assert max(len(answer.data) for answer in answers) <= 256 << 10
    with zipfile.ZipFile(io.BytesIO(whole)) as package:
        assert package.testzip() is None
        package.extractall(tmp_path)
        (manifest,) = (name for name in package.namelist() if name.endswith("/manifest.json"))
    verdict = verify(tmp_path / manifest, evidence_key(desk.door.site.runtime.key))
    assert (verdict.problems, verdict.rendered) == ([], 2)
    exporter = verdict.manifest.exporter
    assert exporter is not None
    assert (exporter.person, exporter.unit) == ("031877", "城关派出所")
    assert (exporter.organisation, exporter.incident) == ("County police", "case 2026-118")
    gate, lane = verdict.manifest.cameras
    assert gate.clock is not None
    assert (gate.clock.offset_ms, lane.clock) == (-250, None)
    (told,) = await desk.downloaded(export.name, "manifest.json")
    assert told.data == (tmp_path / manifest).read_bytes()
    (signature,) = await desk.downloaded(export.name, "manifest.json.jws")
    assert signature.data == (tmp_path / f"{manifest}.jws").read_bytes()
    for file in export.files:
        data = b"".join(each.data for each in await desk.downloaded(export.name, file.file))
        assert (len(data), hashlib.sha256(data).digest()) == (file.size, file.sha256)


async def test_a_broken_download_goes_on_where_it_ended(desk: Desk, export: evidence_pb2.Export) -> None:
    whole = b"".join(each.data for each in await desk.downloaded(export.name))
    for offset in (1, 700, len(whole) // 2, len(whole) - 1, len(whole)):
        answers = await desk.downloaded(export.name, offset=offset)
        assert answers[0].size == len(whole)
        assert whole[:offset] + b"".join(each.data for each in answers) == whole
    for offset in (-1, len(whole) + 1):
        with pytest.raises(InvalidArgumentError) as refused:
            await desk.downloaded(export.name, offset=offset)
        assert refused.value.field == "offset"


async def test_each_download_is_on_record_with_its_officer(desk: Desk, export: evidence_pb2.Export) -> None:
    await desk.downloaded(export.name, export.files[0].file)
    newest = (await desk.door.site.audit(action="export", event="decision"))[0]
    assert (newest.acting_person, newest.acting_unit) == ("031877", "城关派出所")
    assert newest.purpose == f"case 2026-118: {REASON}"


async def test_the_same_request_once_more_makes_nothing_more(desk: Desk) -> None:
    request_id = str(uuid.uuid4())
    first = await desk.create(request_id=request_id)
    assert (await desk.create(request_id=request_id)).name == first.name
    with pytest.raises(AlreadyExistsError) as refused:
        await desk.create(request_id=request_id, cameras=["cameras/lane"])
    assert refused.value.code == "request.id_reused"
    assert (await desk.create(desk.station, request_id=request_id)).name != first.name, (
        "an id is its client's"
    )


async def test_what_is_not_over_can_be_ended_and_gives_nothing(desk: Desk) -> None:
    young = await desk.create(end_time=at(desk.door.site.clock.now_ms() - 1_000))
    assert young.state == Export.PENDING
    with pytest.raises(FailedPreconditionError, match=r"export\.not_ready"):
        await desk.downloaded(young.name)
    request = evidence_pb2.CancelExportRequest(name=young.name)
    assert (await desk.call("CancelExport", request)).state == Export.CANCELLED
    with pytest.raises(FailedPreconditionError, match=r"export\.done"):
        await desk.call("CancelExport", request)
    (told,) = [each async for each in desk.watched(young.name)]
    assert told.state == Export.CANCELLED


async def test_who_watches_one_is_told_when_the_gateway_stops(desk: Desk) -> None:
    young = await desk.create(end_time=at(desk.door.site.clock.now_ms() - 1_000))
    request = evidence_pb2.WatchExportRequest(name=young.name)
    with pytest.raises(UnavailableError) as stopped, remote_errors("services/gateway"):
        async with desk.door.another() as address:
            bureau = desk.bureau.at(desk.door, address)
            watched = aiter(evidence(bureau).WatchExport(request, metadata=bureau.officer(), timeout=60))
            assert (await anext(watched)).state == Export.PENDING
        await anext(watched)
    assert stopped.value.code == "access.stopping"


async def test_one_that_failed_says_why(desk: Desk) -> None:
    site = desk.door.site
    uid = await site.add_camera("shed")
    start_ms = desk.yard.start_ms
    await record_damaged(desk, uid, start_ms)
    failed = await desk.done(cameras=["cameras/shed"])
    assert failed.state == Export.FAILED
    assert failed.error.startswith("export.footage_damaged: ")
    with pytest.raises(FailedPreconditionError, match=r"export\.not_ready"):
        await desk.downloaded(failed.name)


async def test_lists_come_in_pages_newest_first(desk: Desk, export: evidence_pb2.Export) -> None:
    newest = await desk.create()
    request = evidence_pb2.ListExportsRequest(page_size=1)
    page = await desk.call("ListExports", request)
    names = [page.exports[0].name]
    while page.next_page_token:
        request.page_token = page.next_page_token
        page = await desk.call("ListExports", request)
        names += [each.name for each in page.exports]
    assert names[0] == newest.name
    assert export.name in names
    assert names == sorted(names, reverse=True)


async def test_another_countys_client_hears_of_none(desk: Desk, export: evidence_pb2.Export) -> None:
    other = await desk.door.enrol("other", OTHER)
    assert not (await desk.call("ListExports", evidence_pb2.ListExportsRequest(), other)).exports
    for method, request in calls_about(export.name):
        with pytest.raises(NotFoundError) as refused, remote_errors("services/gateway"):
            await complete(desk, method, request, other)
        assert refused.value.code == "export.unknown"
    with pytest.raises(NotFoundError) as unseen:
        await desk.call("CreateExport", desk.wish(), other)
    assert (unseen.value.code, unseen.value.field) == ("camera.not_found", "cameras[0]")


async def test_without_an_officer_nothing_is_taken_along(desk: Desk, export: evidence_pb2.Export) -> None:
    for method, request in (
        ("CreateExport", desk.wish()),
        *calls_about(export.name)[1:],
    ):
        with pytest.raises(PermissionDeniedError) as refused, remote_errors("services/gateway"):
            await complete(desk, method, request, desk.bureau, named=False)
        assert refused.value.code == "access.officer_missing"
    known = await desk.call("GetExport", evidence_pb2.GetExportRequest(name=export.name), named=False)
    assert known == export, "how far its own is, a client may always ask"


async def test_what_cannot_be_asked_is_refused_by_name(desk: Desk) -> None:
    now_ms = desk.door.site.clock.now_ms()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"reason": ""}, "reason"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 401}, "reason"),
        ({"incident": "1" * 201}, "incident"),
        ({"cameras": []}, "cameras"),
        ({"cameras": [f"cameras/c{number}" for number in range(17)]}, "cameras"),
        ({"cameras": ["cameras/gate", "cameras/gate"]}, "cameras[1]"),
        ({"start_time": None}, "start_time"),
        ({"end_time": at(desk.yard.start_ms)}, "end_time"),
        ({"end_time": at(now_ms + MINUTE_MS)}, "end_time"),
        ({"start_time": at(desk.yard.end_ms - 86_400_001)}, "end_time"),
        ({"cut": 7}, "cut"),
        ({"request_id": "ü"}, "request_id"),
        (around(now_ms, time=at(now_ms + MINUTE_MS)), "near.time"),
        (around(now_ms, time=None), "near.time"),
        (around(now_ms, minutes=0), "near.minutes"),
        (around(now_ms, radius_m=0), "near.radius_m"),
        (around(now_ms, radius_m=float("nan")), "near.radius_m"),
        (around(now_ms, latitude=91), "near.latitude"),
        (around(now_ms) | {"cameras": ["cameras/gate"]}, "cameras"),
        (around(now_ms) | {"start_time": at(now_ms)}, "start_time"),
    ]
    for fields, field in wrong:
        with pytest.raises(InvalidArgumentError) as refused:
            await desk.call("CreateExport", desk.wish(**fields))
        assert refused.value.field == field, fields
        assert "case_number" not in refused.value.detail


async def test_a_right_that_ends_in_the_middle_cuts_the_download_off(desk: Desk) -> None:
    export = await desk.done(cameras=["cameras/lane"])
    await asyncio.to_thread(grow, desk.door.site, export.name)
    bureau = await desk.door.enrol("leaving")
    request = evidence_pb2.DownloadExportRequest(name=export.name, file=export.files[0].file)
    received = 0
    with pytest.raises(PermissionDeniedError) as cut, remote_errors("services/gateway"):
        async for answer in evidence(bureau).DownloadExport(request, metadata=bureau.officer(), timeout=60):
            received += len(answer.data)
            if received == len(answer.data):
                assert answer.size == LONG
                await send_away(desk, bureau.client.principal)
            await asyncio.sleep(0.05)  # so that all of it would take 12 s
    assert cut.value.code.startswith(("ticket.", "auth."))
    assert 0 < received < LONG


async def test_enumerations_have_the_numbers_of_the_services_behind() -> None:
    states = {value.name: value.number for value in export_pb2.Export.State.DESCRIPTOR.values}
    assert {value.name: value.number for value in Export.State.DESCRIPTOR.values} == states


def calls_about(name: str) -> list[tuple[str, Any]]:
    """All that can be asked of an export, what changes nothing first."""
    return [
        ("GetExport", evidence_pb2.GetExportRequest(name=name)),
        ("CancelExport", evidence_pb2.CancelExportRequest(name=name)),
        ("DownloadExport", evidence_pb2.DownloadExportRequest(name=name)),
        ("DownloadExport", evidence_pb2.DownloadExportRequest(name=name, file="manifest.json")),
    ]


async def complete(desk: Desk, method: str, request: Any, bureau: Any, *, named: bool = True) -> None:
    """A call of either kind, to its end."""
    call = getattr(evidence(bureau), method)(request, metadata=bureau.officer() if named else (), timeout=20)
    if method == "DownloadExport":
        async for _ in call:
            pass
    else:
        await call
