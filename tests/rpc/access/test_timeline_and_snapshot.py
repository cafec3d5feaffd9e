"""What an officer is told of a camera's past, and single pictures, as over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.access.v1 import media_pb2
from snowlight.errors import (
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    SnowlightError,
    UnavailableError,
)
from snowlight.instants import format_instant
from snowlight.media.access_envelope import to_timestamp
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door, Metadata, open_door
from tests.rpc.access.recorded import Recorded, record
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.test_snapshot import frames, nearest

pytestmark = pytest.mark.asyncio(loop_scope="module")
FAR = Timestamp(seconds=4_102_444_800)


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="door")
async def one_door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """One for all: no test changes what another sees."""
    async with open_door(tmp_path_factory.mktemp("door")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="bureau")
async def one_bureau(door: Door) -> Bureau:
    return await door.enrol()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gate(door: Door) -> Recorded:
    """Recorded from a second after its registration on, with a gap."""
    return await record(door, "gate", gap_ms=5_000, pass_s=60)


async def timeline(
    bureau: Bureau, officer: Metadata | None = None, **fields: Any
) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
    """Spans and gaps as HTTP tells them."""
    request = media_pb2.GetTimelineRequest(**({"camera": "cameras/gate"} | fields))
    with remote_errors("services/gateway"):
        told = await bureau.media.GetTimeline(
            request, metadata=bureau.officer() if officer is None else officer, timeout=10
        )
    spans = [(_text(span.start_time), _text(span.end_time)) for span in told.spans]
    return spans, [(_text(gap.start_time), _text(gap.end_time), gap.cause) for gap in told.gaps]


async def snapshot(bureau: Bureau, officer: Metadata | None = None, **fields: Any) -> media_pb2.Snapshot:
    request = media_pb2.GetSnapshotRequest(**({"camera": "cameras/gate"} | fields))
    with remote_errors("services/gateway"):
        return await bureau.media.GetSnapshot(
            request, metadata=bureau.officer() if officer is None else officer, timeout=10
        )


async def test_the_timeline_is_the_one_of_http(door: Door, bureau: Bureau, gate: Recorded) -> None:
    window = gate.window(0, 40_000)
    door.site.ingest.pictures.open_gaps[gate.uid] = ("CAMERA_OFFLINE", gate.end_ms)
    start, end = _text(window["start_time"]), _text(window["end_time"])
    status, answer = await door.site.call(
        "GET", f"/v1/cameras/gate/timeline?start={start}&end={end}", await door.site.token("root")
    )
    assert status == 200
    spans = [(span["start"], span["end"]) for span in answer["spans"]]
    gaps = [(gap["start"], gap["end"], gap["cause"]) for gap in answer["gaps"]]
    assert await timeline(bureau, **window) == (spans, gaps)
    assert [gap[2] for gap in gaps] == ["unknown", "camera_offline"]
    assert len(spans) == 2


async def test_the_newest_picture_is_shown_to_whoever_calls(door: Door, bureau: Bureau) -> None:
    uid = await door.site.add_camera("yard")
    footage = session(door.site.clock.now_ms() - 11_000, 12)
    await door.site.ingest.pictures.send(uid, footage.init, *footage.fragments[:22])
    shown = await snapshot(bureau, (), camera="cameras/yard")
    newest = footage.fragments[21]
    assert nearest(shown.jpeg, frames(footage, footage.fragments[20:22])) == 24
    assert newest.start_ms < shown.time.ToMilliseconds() <= newest.end_ms


async def test_the_picture_of_an_instant_is_the_one_that_was_shown_then(
    door: Door, bureau: Bureau, gate: Recorded
) -> None:
    among = frames(gate.footage, gate.footage.fragments)
    for offset_ms in (0, 3_210):
        instant = to_timestamp(gate.start_ms + offset_ms)
        shown = await snapshot(bureau, time=instant, purpose="theft")
        assert nearest(shown.jpeg, among) == offset_ms // 40
        assert shown.time == instant
    decisions = await door.site.audit(event="decision", action="playback", camera_uid=gate.uid)
    assert {record.purpose for record in decisions} == {"case 2026-118: theft"}


@pytest.mark.parametrize(
    ("ask", "fields", "refusal"),
    [
        (timeline, {}, (InvalidArgumentError, "start_time")),
        (timeline, {"start_time": Timestamp(seconds=1)}, (InvalidArgumentError, "end_time")),
        (
            timeline,
            {"start_time": Timestamp(seconds=1), "end_time": FAR},
            (InvalidArgumentError, "end_time"),
        ),
        (
            timeline,
            {"camera": "cameras/none", "start_time": Timestamp(), "end_time": Timestamp(seconds=1)},
            (NotFoundError, "camera"),
        ),
        (snapshot, {"time": FAR}, (InvalidArgumentError, "time")),
        (snapshot, {"time": Timestamp(seconds=1 << 60)}, (InvalidArgumentError, "time")),
        (snapshot, {"purpose": "x" * 201}, (InvalidArgumentError, "purpose")),
        (snapshot, {"camera": "gate"}, (NotFoundError, "camera")),
        (snapshot, {"time": Timestamp(seconds=1)}, (NotFoundError, "")),
        (snapshot, {}, (UnavailableError, "")),
    ],
)
async def test_what_cannot_be_told_is_refused_by_name(
    bureau: Bureau,
    gate: Recorded,
    ask: Any,
    fields: dict[str, Any],
    refusal: tuple[type[SnowlightError], str],
) -> None:
    kind, field = refusal
    with pytest.raises(kind) as refused:
        await ask(bureau, **fields)
    assert refused.value.field == field


async def test_the_past_wants_an_officer(bureau: Bureau, gate: Recorded) -> None:
    for asking in (
        timeline(bureau, (), **gate.window()),
        snapshot(bureau, (), time=to_timestamp(gate.start_ms)),
    ):
        with pytest.raises(PermissionDeniedError) as refused:
            await asking
        assert refused.value.code == "access.officer_missing"


async def test_a_household_is_shown_to_nobody_without_a_grant(door: Door, bureau: Bureau) -> None:
    await door.site.add_camera("home", ownership="HOUSEHOLD")
    for officer, code in (((), "access.officer_missing"), (None, "auth.household_camera")):
        with pytest.raises(PermissionDeniedError) as refused:
            await snapshot(bureau, officer, camera="cameras/home")
        assert refused.value.code == code


def _text(instant: Timestamp) -> str:
    return format_instant(instant.ToMilliseconds())
