"""An officer takes recorded footage through the door."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from typing import Any

import av
import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp

from services.gateway.access.resume_token import recording_tokens
from services.gateway.archive.walk import Place
from snowlight.api.access.v1 import media_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError, PermissionDeniedError
from tests.rpc.access.door import Bureau, Door, open_door
from tests.rpc.access.recorded import (
    LOSSY,
    Recorded,
    data,
    fragments,
    kinds,
    record,
    streamed,
    streaming,
)
from tests.rpc.gateway.people import OTHER
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
GAP = media_pb2.Discontinuity.GAP


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="door")
async def one_door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    """One for all: each test has a camera of its own."""
    async with open_door(tmp_path_factory.mktemp("door")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="bureau")
async def one_bureau(door: Door) -> Bureau:
    return await door.enrol()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gate(door: Door) -> Recorded:
    """For tests that change nothing of it."""
    return await record(door, "gate")


async def test_a_window_comes_whole_from_store_and_spool(bureau: Bureau, gate: Recorded) -> None:
    answers = await streamed(bureau, gate.name, **gate.window(), purpose="theft")
    assert kinds(answers) == ["description", "fragment"]
    assert fragments(answers) == data(gate.footage.fragments)
    assert [number for number, answer in enumerate(answers[1:]) if answer.fragment.lossy] == [LOSSY]
    told, first = answers[0].description, answers[1].fragment
    assert (told.codecs, told.width, told.init_section) == ("avc1.42c00b", 160, gate.footage.init.data)
    assert (first.start_time.ToMilliseconds(), first.duration_ms, first.independent) == (
        gate.start_ms,
        gate.footage.fragments[0].duration_ms,
        True,
    )
    with av.open(io.BytesIO(told.init_section + b"".join(fragments(answers))), "r") as container:
        assert len(list(container.decode(video=0))) == 600
    [record] = await gate.door.site.audit(event="decision", action="playback", camera_uid=gate.uid)
    assert (record.purpose, record.acting_person) == ("case 2026-118: theft", "031877")


async def test_it_begins_at_the_key_frame_before_and_ends_with_the_fragment_that_holds_the_end(
    bureau: Bureau, gate: Recorded
) -> None:
    answers = await streamed(bureau, gate.name, **gate.window(3_300, 9_100))
    start_ms = gate.start_ms
    assert fragments(answers) == data(gate.footage.between(start_ms + 2_000, start_ms + 9_100))


async def test_a_gap_is_told_and_a_new_session_by_its_description(door: Door, bureau: Bureau) -> None:
    recorded = await record(door, "mill", gap_ms=5_000)
    answers = await streamed(bureau, recorded.name, **recorded.window(-3_000, 32_000))
    assert fragments(answers) == data(recorded.footage.fragments)
    assert kinds(answers) == ["description", "fragment", "discontinuity", "description", "fragment"]
    [gap] = [answer.discontinuity for answer in answers if answer.WhichOneof("event") == "discontinuity"]
    half_ms = recorded.start_ms + 12_000
    assert (gap.reason, gap.from_time.ToMilliseconds(), gap.to_time.ToMilliseconds()) == (
        GAP,
        half_ms,
        half_ms + 5_000,
    )


async def test_another_gateway_goes_on_where_one_was_killed(door: Door, bureau: Bureau) -> None:
    recorded = await record(door, "tower")
    window = recorded.window(1_000, 23_000)
    async with streaming(bureau, recorded.name, **window) as reader:
        got = [await reader.next() for _ in range(31)]  # the last is of what no store has yet
    await recorded.settle()
    async with door.another() as address:
        rest = await streamed(bureau.at(door, address), recorded.name, **window, resume_token=reader.token)
    assert kinds(rest) == ["description", "fragment"]
    wanted = recorded.footage.between(recorded.start_ms, recorded.start_ms + 23_000)
    assert fragments(got) + fragments(rest) == data(wanted)


@pytest.mark.parametrize(("camera", "kept"), [("bridge", None), ("tunnel", 100_000)])
async def test_what_is_deleted_or_cut_short_is_a_gap(
    door: Door, bureau: Bureau, camera: str, kept: int | None
) -> None:
    recorded = await record(door, camera, gap_ms=5_000, padding=20_000)
    window = recorded.window(0, 32_000)
    async with streaming(bureau, recorded.name, **window) as reader:
        got = [await reader.next() for _ in range(4)]
    await recorded.lose(kept)
    rest = await streamed(bureau, recorded.name, **window, resume_token=reader.token)
    assert kinds(rest) == ["discontinuity", "description", "fragment"]
    later = recorded.footage.between(recorded.start_ms + 17_000, recorded.end_ms)
    assert fragments(rest) == data(later)
    told = rest[0].discontinuity
    assert (told.reason, told.from_time.ToMilliseconds()) == (GAP, recorded.footage.fragments[2].end_ms)
    assert told.to_time.ToMilliseconds() == later[0].start_ms
    again = await streamed(bureau, recorded.name, **window)
    assert fragments(again) == data(later)
    assert fragments(got) == data(recorded.footage.fragments[:3])


async def test_access_units_are_a_byte_stream_and_go_on_after_a_whole_fragment(
    bureau: Bureau, gate: Recorded
) -> None:
    fields: dict[str, Any] = {"packaging": media_pb2.PACKAGING_ACCESS_UNITS, **gate.window()}
    async with streaming(bureau, gate.name, **fields) as reader:
        got = [await reader.next() for _ in range(41)]
        token = reader.token
        told = got[0].description
        assert (told.codecs, told.init_section) == ("avc1.42c00b", b"")
    whole = max(number for number, answer in enumerate(got) if answer.access_unit.resume_token) + 1
    rest = await streamed(bureau, gate.name, **fields, resume_token=token)
    units = [answer.access_unit for answer in (*got[1:whole], *rest[1:])]
    assert len(units) == 600
    stamps = [unit.capture_time_ms for unit in units]
    assert (stamps[0], stamps) == (gate.start_ms, sorted(stamps))
    with av.open(io.BytesIO(b"".join(unit.data for unit in units)), "r", format="h264") as container:
        assert len(list(container.decode(video=0))) == 600


async def test_a_forged_token_opens_nothing_before_the_window(bureau: Bureau, gate: Recorded) -> None:
    start_ms, end_ms = gate.start_ms + 6_100, gate.start_ms + 9_000
    place = Place(gate.start_ms, 1, gate.sequence, 0, 0)
    forged = recording_tokens(gate.uid, start_ms, end_ms).token(place, "no-ticket")
    answers = await streamed(bureau, gate.name, **gate.window(6_100, 9_000), resume_token=forged)
    assert fragments(answers) == data(gate.footage.between(gate.start_ms + 6_000, end_ms))


async def test_real_time_follows_the_clock_and_waits_through_no_gap(door: Door, bureau: Bureau) -> None:
    recorded = await record(door, "square", gap_ms=60_000)
    pace = media_pb2.StreamRecordingRequest.PACE_REAL_TIME
    async with streaming(bureau, recorded.name, **recorded.window(0, 84_000), pace=pace) as reader:
        reading = asyncio.create_task(reader.all())

        async def has_begun() -> bool:
            return bool(reader.token)

        await eventually(has_begun)
        assert not reading.done()
        door.site.clock.ahead_s += 26
        assert fragments(await reading) == data(recorded.footage.fragments)


async def test_what_is_missing_is_told_with_its_cause(door: Door, bureau: Bureau) -> None:
    recorded = await record(door, "ferry", gap_ms=5_000, pass_s=60)
    start_ms, end_ms = recorded.start_ms, recorded.end_ms
    door.site.ingest.pictures.open_gaps[recorded.uid] = ("CAMERA_OFFLINE", end_ms)
    answers = await streamed(bureau, recorded.name, **recorded.window(0, 49_000))
    assert kinds(answers) == ["description", "fragment", "discontinuity"] * 2
    told = [answer.discontinuity for answer in answers if answer.WhichOneof("event") == "discontinuity"]
    assert [gap.cause for gap in told] == ["unknown", "camera_offline"]
    assert [(gap.from_time.ToMilliseconds(), gap.to_time.ToMilliseconds()) for gap in told] == [
        (start_ms + 12_000, start_ms + 17_000),
        (end_ms, start_ms + 49_000),
    ]
    [nothing] = await streamed(bureau, recorded.name, **recorded.window(30_000, 49_000))
    assert (nothing.discontinuity.reason, nothing.discontinuity.cause) == (GAP, "camera_offline")


def ago(seconds: int) -> Timestamp:
    return Timestamp(seconds=int(time.time()) - seconds)


NOW = ago(0)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"end_time": NOW}, "start_time"),
        ({"start_time": NOW}, "end_time"),
        ({"start_time": NOW, "end_time": NOW}, "end_time"),
        ({"start_time": ago(86_401), "end_time": NOW}, "end_time"),
        ({"start_time": ago(-3_600), "end_time": ago(-7_200)}, "start_time"),
        ({"start_time": Timestamp(seconds=1 << 62), "end_time": NOW}, "start_time"),
        ({"start_time": Timestamp(nanos=-1), "end_time": NOW}, "start_time"),
        ({"pace": 9}, "pace"),
        ({"packaging": 9}, "packaging"),
        ({"purpose": "x" * 201}, "purpose"),
        ({"resume_token": "AAAA"}, "resume_token"),
        ({"resume_token": "ß"}, "resume_token"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(
    bureau: Bureau, gate: Recorded, fields: dict[str, Any], field: str
) -> None:
    window = {} if "start_time" in fields or "end_time" in fields else gate.window()
    with pytest.raises(InvalidArgumentError) as refused:
        await streamed(bureau, gate.name, **window, **fields)
    assert refused.value.field == field


async def test_a_token_is_of_its_camera_and_window_alone(door: Door, bureau: Bureau, gate: Recorded) -> None:
    another = await record(door, "another")
    async with streaming(bureau, gate.name, **gate.window()) as reader:
        await reader.next()
        await reader.next()
    for camera, window in ((another.name, gate.window()), (gate.name, gate.window(1))):
        with pytest.raises(InvalidArgumentError) as refused:
            await streamed(bureau, camera, **window, resume_token=reader.token)
        assert refused.value.field == "resume_token"


async def test_without_an_officer_or_an_incident_there_is_no_playback(
    door: Door, bureau: Bureau, gate: Recorded
) -> None:
    for officer, code in (
        ((), "access.officer_missing"),
        (bureau.officer(incident="none"), "auth.incident_required"),
    ):
        with pytest.raises(PermissionDeniedError) as refused:
            await streamed(bureau, gate.name, officer, **gate.window())
        assert refused.value.code == code
    denied = await door.site.audit(event="decision", action="playback", camera_uid=gate.uid, allowed=False)
    assert len(denied) == 2


async def test_a_household_camera_wants_a_grant_and_a_camera_elsewhere_is_not_there(
    door: Door, bureau: Bureau, gate: Recorded
) -> None:
    home = await record(door, "home", ownership="HOUSEHOLD")
    with pytest.raises(PermissionDeniedError) as refused:
        await streamed(bureau, home.name, **home.window())
    assert refused.value.code == "auth.household_camera"
    other = await door.enrol("other", OTHER)
    with pytest.raises(NotFoundError) as unknown:
        await streamed(other, gate.name, **gate.window())
    assert (unknown.value.code, unknown.value.field) == ("camera.not_found", "camera")
