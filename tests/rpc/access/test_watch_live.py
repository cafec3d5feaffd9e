"""An officer watches a camera live through the door."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import av
import pytest

from snowlight.api.access.v1 import media_pb2
from snowlight.api.auth.v1 import revocation_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import (
    DeadlineExceededError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnavailableError,
)
from tests.rpc.access.door import Bureau, Door, open_door
from tests.rpc.access.watching import camera, data, watching
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.test_residents import with_sound
from tests.waiting import eventually

PROMISE_S = 2.0
UNITS = media_pb2.PACKAGING_ACCESS_UNITS
TOO_LATE, SOURCE = media_pb2.Discontinuity.RESUME_TOO_LATE, media_pb2.Discontinuity.SOURCE


async def test_it_begins_at_the_newest_key_frame_and_follows_the_camera(door: Door, bureau: Bureau) -> None:
    uid, footage = await camera(door)
    async with watching(bureau, purpose="a missing child") as reader:
        told = (await reader.next()).description
        assert (told.codecs, told.width, told.height) == (footage.init.codecs, 160, 90)
        [track] = told.tracks
        assert (track.id, track.codec[:9], track.decoder_configuration[0]) == (1, "avc1.42c0", 1)
        first = (await reader.next()).fragment
        begun = footage.fragments[20]
        assert (first.data, first.independent, first.lossy) == (begun.data, True, False)
        assert (first.start_time.ToMilliseconds(), first.duration_ms) == (begun.start_ms, begun.duration_ms)
        await door.site.ingest.pictures.send(uid, *footage.fragments[21:24])
        rest = await reader.fragments(3)
    with av.open(io.BytesIO(b"".join((told.init_section, first.data, *rest))), "r") as container:
        assert len(list(container.decode(video=0))) == 50
    [record] = await door.site.audit(event="decision", action="live")
    assert (record.purpose, record.acting_person, record.acting_unit) == (
        "case 2026-118: a missing child",
        "031877",
        "城关派出所",
    )


async def test_another_gateway_goes_on_where_one_was_killed(door: Door, bureau: Bureau) -> None:
    uid, footage = await camera(door)
    async with door.another() as address:
        async with watching(bureau) as reader:
            await reader.next()
            got = await reader.fragments(1)
            await door.site.ingest.pictures.send(uid, *footage.fragments[21:23])
            got += await reader.fragments(2)
        await door.site.ingest.pictures.send(uid, *footage.fragments[23:26])
        elsewhere = bureau.at(door, address)
        async with watching(elsewhere, resume_token=reader.token) as again:
            assert (await again.next()).WhichOneof("event") == "description"
            got += await again.fragments(3)
            await door.site.ingest.pictures.send(uid, footage.fragments[26])
            got += await again.fragments(1)
    assert got == data(*footage.fragments[20:27])


async def test_what_is_resumed_too_late_says_what_was_missed(door: Door, bureau: Bureau) -> None:
    uid, footage = await camera(door)
    async with watching(bureau) as reader:
        await reader.take(2)
    await door.site.ingest.pictures.send(uid, *footage.fragments[21:])  # more than ingest keeps
    async with (
        door.another() as address,
        watching(bureau.at(door, address), resume_token=reader.token) as again,
    ):
        missed = (await again.next()).discontinuity
        assert missed.reason == TOO_LATE
        assert missed.from_time.ToMilliseconds() == footage.fragments[20].end_ms
        assert missed.to_time.ToMilliseconds() == footage.fragments[56].start_ms
        assert (await again.next()).WhichOneof("event") == "description"
        assert await again.fragments(4) == data(*footage.fragments[56:])


async def test_a_new_session_is_told_before_its_description(door: Door, bureau: Bureau) -> None:
    uid, footage = await camera(door)
    async with watching(bureau) as reader:
        await reader.take(2)
        again = session(footage.fragments[20].end_ms + 2000, 4, discontinuity_sequence=1)
        await door.site.ingest.pictures.send(uid, again.init, *again.fragments[:2])
        assert (await reader.next()).discontinuity.reason == SOURCE
        assert (await reader.next()).WhichOneof("event") == "description"
        assert await reader.fragments(2) == data(*again.fragments[:2])


async def test_access_units_need_no_container(door: Door, bureau: Bureau) -> None:
    uid = await door.site.add_camera("gate")
    footage = with_sound()
    await door.site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    async with watching(bureau, packaging=UNITS) as reader:
        told = (await reader.next()).description
        assert told.init_section == b""
        pictures, heard = told.tracks
        assert (pictures.codec, heard.codec) == tuple(told.codecs.split(","))
        units = [(await reader.next()).access_unit]
        while not units[-1].resume_token:
            units.append((await reader.next()).access_unit)
    shown = [unit for unit in units if unit.track == pictures.id]
    assert (shown[0].key_frame, len(shown) + sum(unit.track == heard.id for unit in units)) == (
        True,
        len(units),
    )
    decoder = av.CodecContext.create("h264", "r")
    frames = [frame for unit in shown for frame in decoder.decode(av.Packet(unit.data))]
    assert len(frames) + len(decoder.decode(None)) == len(shown)
    [key] = [one for one in footage.fragments if one.start_ms == shown[0].capture_time_ms]
    assert key.independent


async def test_access_units_go_on_behind_the_last_of_a_fragment(door: Door, bureau: Bureau) -> None:
    uid, footage = await camera(door)
    async with watching(bureau, packaging=UNITS) as reader:
        await reader.next()
        while not reader.token:
            await reader.next()
    await door.site.ingest.pictures.send(uid, *footage.fragments[21:23])
    async with watching(bureau, resume_token=reader.token) as again:
        await again.next()
        assert await again.fragments(2) == data(*footage.fragments[21:23])


async def test_a_right_that_is_taken_away_ends_the_call(door: Door, bureau: Bureau) -> None:
    uid, _ = await camera(door)
    async with watching(bureau) as reader:
        await reader.take(2)
        await door.site.revoke(revocation_pb2.CAMERA, uid)
        with pytest.raises(PermissionDeniedError) as ended:
            await reader.next(PROMISE_S)
    assert ended.value.code == "ticket.revoked"


async def test_a_camera_that_goes_away_is_told_with_its_reason(door: Door, bureau: Bureau) -> None:
    uid, _ = await camera(door)
    async with watching(bureau) as reader:
        await reader.take(2)
        door.site.ingest.set_state("cameras/gate", uid, camera_pb2.OFFLINE, "camera.unreachable: no route")
        door.site.ingest.pictures.cameras[uid].events.clear()
        await door.site.ingest.pictures.break_off(uid)
        with pytest.raises(UnavailableError, match="no route") as ended:
            await reader.next()
    assert ended.value.code == "camera.offline"


async def test_a_household_camera_wants_an_officer_and_a_grant(door: Door, bureau: Bureau) -> None:
    await camera(door, ownership="HOUSEHOLD")
    for officer, code in (((), "access.officer_missing"), (bureau.officer(), "auth.household_camera")):
        async with watching(bureau, officer=officer) as reader:
            with pytest.raises(PermissionDeniedError) as refused:
                await reader.next()
        assert refused.value.code == code


async def test_a_public_camera_wants_no_officer_and_nobody_elses_is_found(door: Door, bureau: Bureau) -> None:
    await camera(door, ownership="PUBLIC")
    async with watching(bureau, officer=()) as reader:
        assert (await reader.next()).WhichOneof("event") == "description"
    another = await door.enrol("another", "regions/371326")
    async with watching(another) as reader:
        with pytest.raises(NotFoundError) as refused:
            await reader.next()
    assert (refused.value.code, refused.value.field) == ("camera.not_found", "camera")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"packaging": 7}, "packaging"),
        ({"rendition": "4k"}, "rendition"),
        ({"purpose": "x" * 201}, "purpose"),
        ({"resume_token": "?"}, "resume_token"),
        ({"resume_token": "AAAA" * 9}, "resume_token"),
        ({"camera": "gate"}, "camera"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_name(
    door: Door, bureau: Bureau, fields: dict[str, str], field: str
) -> None:
    await camera(door)
    async with watching(bureau, **({"camera": "cameras/gate"} | fields)) as reader:  # type: ignore[arg-type]
        with pytest.raises((InvalidArgumentError, NotFoundError)) as refused:
            await reader.next()
    assert refused.value.field == field


async def test_a_token_of_another_camera_is_refused(door: Door, bureau: Bureau) -> None:
    await camera(door)
    await camera(door, "yard")
    async with watching(bureau) as reader:
        await reader.take(2)
    async with watching(bureau, "cameras/yard", resume_token=reader.token) as other:
        with pytest.raises(InvalidArgumentError) as refused:
            await other.next()
    assert refused.value.field == "resume_token"


async def test_what_was_watched_is_on_record(door: Door, bureau: Bureau) -> None:
    uid, footage = await camera(door)
    async with watching(bureau) as reader:
        await door.site.ingest.pictures.send(uid, *footage.fragments[21:24])
        await reader.take(5)

    async def told() -> bool:
        views = await door.site.audit(event="view", action="live")
        return bool(views) and views[0].watched_s == 2 and views[0].watched_bytes > 0

    door.site.clock.ahead_s += 61
    await eventually(told)


async def test_a_client_has_so_many_streams_and_those_that_ended_count_no_more(tmp_path: Path) -> None:
    async with open_door(tmp_path, max_streams=2) as door:
        bureau = await door.enrol()
        await camera(door)
        async with watching(bureau, timeout_s=3) as short, watching(bureau) as long:
            await short.take(2)
            await long.take(2)
            async with watching(bureau) as one_too_many:
                with pytest.raises(ResourceExhaustedError) as refused:
                    await one_too_many.next()
            assert (refused.value.code, refused.value.retry_after_s) == ("access.too_many_streams", 5)
            with pytest.raises(DeadlineExceededError):
                await short.next()
            await asyncio.wait_for(eventually(lambda: opens(bureau)), 10)


async def opens(bureau: Bureau) -> bool:
    async with watching(bureau) as reader:
        try:
            await reader.next()
        except ResourceExhaustedError:
            return False
    return True
