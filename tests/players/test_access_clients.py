"""Platforms in Go, Java and Python at the door for public-security systems, built as `clients/` shows."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import randbytes
from zipfile import ZipFile

import pytest
import pytest_asyncio

from services.verify import main as verify
from snowlight.instants import format_instant
from tests.cluster.decoding import steps
from tests.parts.access_clients import JavaClients, Ran, run_program, running_program
from tests.parts.bureau import AccessDoor, Bureau
from tests.parts.part import ROOT
from tests.person import Answer, now
from tests.players.access import LANGUAGES, ran, shown
from tests.players.street import FRAME_RATE, GATE, LARGE, REGION, TURNING, Footage, Street
from tests.rpc.access.door import open_door
from tests.rpc.access.exporting import Desk
from tests.rpc.gateway.exporting import LONG, grow
from tests.rpc.gateway.relay import relaying
from tests.rpc.gateway.site import Site
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

LISTING = "snowlight.api.access.v1.Cameras/ListCameras"
LIVE_S = 3
BROKEN_OFF_AFTER = 400_000
"""Bytes of a recording."""
ALL = (GATE, LARGE, TURNING)


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def long_export(desk: Desk) -> tuple[str, bytes]:
    """The name of one and its package."""
    export = await desk.done(cameras=["cameras/lane"])
    await asyncio.to_thread(fill, desk.door.site, export.name)
    return export.name, b"".join([answer.data for answer in await desk.downloaded(export.name)])


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_regions_and_cameras(client: Sequence[str], street: Street, bureau: Bureau) -> None:
    regions = await ran(client, bureau, "regions")
    assert regions.output == f"{REGION}\t广水市\n", regions.errors
    told = Ran(0, "", "")

    async def online() -> bool:
        nonlocal told
        told = await ran(client, bureau, "cameras", "-filter", f"{GATE} state=ONLINE", officer="")
        return bool(told.output or told.status)

    await eventually(online, 60)
    assert told.output.split("\t")[:3] == [f"cameras/{GATE}", "CAMERA_STATE_ONLINE", REGION], told.errors


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_who_watches_cameras_misses_nothing_where_it_broke_off(
    client: Sequence[str], street: Street, bureau: Bureau
) -> None:
    async with relaying(bureau.door) as relay:
        options = replace(bureau, door=relay.address).options()
        async with running_program((*client, *options, "watch", "-seconds", "150")) as watching:
            await watching.says("^synced$")
            reset, *cameras, _ = watching.lines
            assert reset == "reset"
            assert [line.split("\t")[0] for line in cameras] == [f"cameras/{each}" for each in ALL]
            relay.cut()
            await watching.says("^broken off: (Unavailable|UNAVAILABLE)")
            async with one_more(street) as switch_on:
                relay.mend()
                await watching.says("^cameras/brief\tCAMERA_STATE_DISABLED\t")
                await switch_on()
                await watching.says("^cameras/brief\tCAMERA_STATE_(CONNECTING|OFFLINE)\t")
            await watching.says("^deleted\tcameras/brief$")
            assert [watching.lines.count(each) for each in ("reset", "synced")] == [1, 1]


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_watching_ends_with_its_time(client: Sequence[str], street: Street, bureau: Bureau) -> None:
    told = await ran(client, bureau, "watch", "-region", REGION, "-seconds", "1")
    assert (told.status, told.errors) == (0, ""), told


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_a_snapshot_shows_the_instant_that_is_told(
    client: Sequence[str], street: Street, bureau: Bureau, footage: Footage, tmp_path: Path
) -> None:
    picture = tmp_path / "gate.jpg"
    then = footage.back + timedelta(seconds=5)
    for wanted, instant, leeway_s in (((), now(), 20), (("-time", then.isoformat()), then, 0.2)):
        told = await ran(client, bureau, "snapshot", "-camera", f"cameras/{GATE}", *wanted, "-out", picture)
        found = re.fullmatch(r".*gate\.jpg: (\d+) bytes, taken (\S+)\n", told.output)
        assert found, told
        assert int(found[1]) == len(content(picture))
        taken = datetime.fromisoformat(found[2])
        assert abs(taken - instant) <= timedelta(seconds=leeway_s)
        assert await shown(picture) == [pytest.approx(taken.timestamp(), abs=0.2)]


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_live_pictures_are_a_film_that_plays(
    client: Sequence[str], street: Street, bureau: Bureau, tmp_path: Path
) -> None:
    film = tmp_path / "live.mp4"
    told = await ran(
        client, bureau, "live", "-camera", f"cameras/{GATE}", "-seconds", str(LIVE_S), "-out", film
    )
    assert told.status == 0, told
    assert re.search(r"^first picture after \d+ ms$", told.output, re.MULTILINE)
    instants = await shown(film)
    assert instants[-1] - instants[0] >= LIVE_S - 0.2
    assert steps(instants, FRAME_RATE) == {1}


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_the_past_comes_with_its_gap(
    client: Sequence[str], street: Street, bureau: Bureau, footage: Footage, tmp_path: Path
) -> None:
    film = tmp_path / "past.mp4"
    window = ("-start", footage.start.isoformat(), "-end", footage.end.isoformat())
    timeline = await ran(client, bureau, "timeline", "-camera", f"cameras/{GATE}", *window)
    whats = [line.split("\t")[0] for line in timeline.output.splitlines()]
    assert whats.count("recorded") == 2, timeline
    assert "disabled" in whats
    told = await ran(client, bureau, "recording", "-camera", f"cameras/{GATE}", *window, "-out", film)
    assert told.status == 0, told
    assert "discontinuity: GAP disabled" in told.output
    instants = [instant for each in films(tmp_path) for instant in await shown(each)]
    before, after = max(pairwise(instants), key=lambda pair: pair[1] - pair[0])
    assert before == pytest.approx(footage.left.timestamp(), abs=0.2)
    assert after == pytest.approx(footage.back.timestamp(), abs=0.2)
    there = instants.index(after)
    assert steps(instants[:there], FRAME_RATE) == steps(instants[there:], FRAME_RATE) == {1}


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_what_breaks_off_goes_on_without_a_byte_lost_or_doubled(
    client: Sequence[str], street: Street, bureau: Bureau, footage: Footage, tmp_path: Path
) -> None:
    whole, film = tmp_path / "whole.mp4", tmp_path / "film.mp4"
    window = ("-start", footage.back.isoformat(), "-end", footage.end.isoformat())
    wanted = ("recording", "-camera", f"cameras/{LARGE}", *window, "-out")
    assert (await ran(client, bureau, *wanted, whole)).status == 0
    async with relaying(bureau.door) as relay:
        relay.bytes_to_cut = BROKEN_OFF_AFTER
        told = await ran(client, replace(bureau, door=relay.address), *wanted, film)
    assert told.status == 0, told
    assert re.search(r"^broken off: (Unavailable|UNAVAILABLE)", told.output, re.MULTILINE), told
    assert content(film) == content(whole)
    assert len(content(whole)) > BROKEN_OFF_AFTER


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_evidence_is_taken_along_and_holds(
    client: Sequence[str], java_clients: JavaClients, desk: Desk, station: Bureau, tmp_path: Path
) -> None:
    package = tmp_path / "package.zip"
    window = ("-start", format_instant(desk.yard.start_ms), "-end", format_instant(desk.yard.end_ms))
    cameras = ("-camera", "cameras/gate,cameras/lane")
    told = await ran(client, station, "export", *cameras, *window, "-out", package)
    assert told.status == 0, told
    assert "SUCCEEDED 100 %" in told.output
    with ZipFile(package) as opened:
        opened.extractall(tmp_path / "unpacked")
    (manifest,) = (tmp_path / "unpacked").rglob("manifest.json")
    assert verify([str(manifest)]) == 0
    found = await run_program((*java_clients.verify, package))
    assert found.status == 0, found


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_a_download_that_breaks_off_goes_on_from_its_offset(
    client: Sequence[str], long_export: tuple[str, bytes], station: Bureau, tmp_path: Path
) -> None:
    name, whole = long_export
    package = tmp_path / "package.zip"
    async with relaying(station.door) as relay:
        relay.bytes_to_cut = len(whole) // 2
        told = await ran(
            client, replace(station, door=relay.address), "download", "-export", name, "-out", package
        )
    assert told.status == 0, told
    assert re.search(r"^broken off: (Unavailable|UNAVAILABLE)", told.output, re.MULTILINE), told
    assert content(package) == whole
    assert relay.bytes_passed < 1.25 * len(whole), "it did not begin anew"


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_a_refusal_is_told_by_reason_and_field(
    client: Sequence[str], street: Street, bureau: Bureau, tmp_path: Path
) -> None:
    wanted = ("live", "-camera", "cameras/nobodys", "-out", tmp_path / "none.mp4")
    unknown = await ran(client, bureau, *wanted)
    assert unknown.status == 1
    assert re.match(r"(NotFound|NOT_FOUND) camera\.not_found: .*\(field camera\)", unknown.errors), unknown
    unit = await ran(client, bureau, *wanted, officer=" ")
    assert re.match(r"(Unauthenticated|UNAUTHENTICATED) access\.officer_invalid: .*", unit.errors), unit


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_a_limit_is_told_with_when_to_come_again(client: Sequence[str], tmp_path: Path) -> None:
    async with open_door(tmp_path, rate_quota=1, rate_window_seconds=50) as door:
        issued = (await door.enrol()).issued
        bureau = Bureau(door.address, issued.write(tmp_path / "bureau", door.authority.pem))
        first, second = [await ran(client, bureau, "regions") for _ in range(2)]
    assert (first.status, second.status) == (0, 1), (first, second)
    exhausted = r"(ResourceExhausted|RESOURCE_EXHAUSTED) access\.rate: .* \(again in (\d+) ?s\)$"
    told = re.match(exhausted, second.errors)
    assert told, second
    assert 0 < int(told[2]) <= 50


async def test_grpcurl_calls_it_with_the_protos_alone(street: Street, bureau: Bureau, grpcurl: Path) -> None:
    protos = ("-import-path", ROOT / "proto", "-proto", "snowlight/api/access/v1/camera.proto")
    asked = ("-d", json.dumps({"page_size": 1}))
    told = await run_program((grpcurl, *tls(bureau), *protos, *asked, bureau.door, LISTING))
    assert told.status == 0, told
    assert json.loads(told.output)["totalSize"] == 3
    reflected = await run_program((grpcurl, *tls(bureau), bureau.door, "list"))
    assert "does not support the reflection API" in reflected.errors


async def test_ghz_finds_the_limit_and_no_other_error(street: Street, door: AccessDoor, ghz: Path) -> None:
    calls, quota = 600, 500
    bureau = await door.enrol(street.snowlight, REGION, "busy")
    protos = ("-i", ROOT / "proto", "--proto", "snowlight/api/access/v1/camera.proto")
    load = ("-n", str(calls), "-c", "8", "--connections", "2", "-O", "json")
    told = await run_program((ghz, *tls(bureau), *protos, "--call", LISTING, "-d", "{}", *load, bureau.door))
    assert told.status == 0, told
    answers = json.loads(told.output)["statusCodeDistribution"]
    assert set(answers) <= {"OK", "ResourceExhausted"}
    assert answers["OK"] >= quota
    assert sum(answers.values()) == calls


@asynccontextmanager
async def one_more(street: Street) -> AsyncIterator[Callable[[], Awaitable[Answer]]]:
    """A camera "brief", switched off, while the context is open; what is told switches it on."""
    path = "/v1/cameras/brief"
    await street.person.add_camera(
        "brief", region=REGION, source_url="rtsp://127.0.0.1:1/live", enabled=False
    )
    try:
        yield lambda: street.person.ask("PATCH", path, json={"enabled": True})
    finally:
        assert (await street.person.ask("DELETE", path)).status == 204


def fill(site: Site, name: str) -> None:
    """Make an export's file long, of bytes that are nowhere the same."""
    grow(site, name)
    folder = site.runtime.cluster.data_dir / "evidence/exp" / name.removeprefix("exports/")
    (film,) = folder.rglob("rendered/*.mp4")
    film.write_bytes(randbytes(LONG))


def tls(bureau: Bureau) -> tuple[str | Path, ...]:
    """Who calls, as grpcurl and ghz have it."""
    files = bureau.tls
    assert files.ca and files.certificate and files.key
    return ("--cacert", files.ca, "--cert", files.certificate, "--key", files.key)


def content(film: Path) -> bytes:
    """All of it."""
    return film.read_bytes()


def films(folder: Path) -> list[Path]:
    """past.mp4, past-2.mp4: another one where the camera had begun anew."""
    return sorted(folder.glob("past*.mp4"), key=lambda film: (len(film.name), film.name))
