"""Platforms at the door keep footage, ask for rights that an officer has not, and hear what is on record."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from tests.parts.access_clients import JavaClients, python_client
from tests.parts.bureau import AccessDoor, Bureau
from tests.person import now
from tests.players.access import LANGUAGES, ran, shown
from tests.players.street import GATE, REGION, Footage, Street
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")

DENIED = "(PermissionDenied|PERMISSION_DENIED)"
INVALID = "(InvalidArgument|INVALID_ARGUMENT)"
LIVE = ("live", "-camera", "cameras/home", "-seconds", "1", "-out")


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def keepers(street: Street, door: AccessDoor) -> tuple[Bureau, Bureau]:
    """Two systems that may have footage held."""
    first, second = [
        await door.enrol(street.snowlight, REGION, username, role="admin")
        for username in ("first-keeper", "second-keeper")
    ]
    return first, second


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def owner(street: Street) -> str:
    """The principal of who lives there."""
    await street.snowlight.add_operator("zhou", scope=REGION, line="resident", role="viewer")
    people = (await street.person.get("/v1/principals", params={"page_size": 100}))["principals"]
    return next(str(one["name"]) for one in people if one["username"] == "zhou")


@pytest_asyncio.fixture(loop_scope="package")
async def home(street: Street, owner: str) -> AsyncIterator[str]:
    """A household's camera, online."""
    await street.person.add_camera(
        "home", region=REGION, source_url=street.sources[GATE], ownership="HOUSEHOLD", owner=owner
    )
    try:
        await eventually(partial(street.recording, "home"), 60)
        yield "cameras/home"
    finally:
        assert (await street.person.ask("DELETE", "/v1/cameras/home")).status == 204


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_footage_is_held_until_a_second_platform_lets_go(
    client: Sequence[str], footage: Footage, keepers: tuple[Bureau, Bureau]
) -> None:
    first, second = keepers
    window = ("-start", footage.start.isoformat(), "-end", footage.end.isoformat())
    wanted = ("hold", "-camera", f"cameras/{GATE}", *window)
    nameless = await ran(client, first, *wanted)
    assert re.match(rf"{INVALID} request\.\w+: .*\(field reason\)", nameless.errors), nameless
    expire = ("-expire", (now() + timedelta(days=1)).isoformat())
    made = await ran(client, first, *wanted, *expire, "-reason", "theft of a tractor")
    name, state, camera, start, end, purpose = made.output.removesuffix("\n").split("\t")
    assert (state, camera) == ("held", f"cameras/{GATE}"), made
    assert purpose == "case 2026-118: theft of a tractor"
    assert datetime.fromisoformat(start) == to_ms(footage.start)
    assert datetime.fromisoformat(end) == to_ms(footage.end)
    assert made.output in (await ran(client, second, "holds")).output

    released = ("release", "-hold", name, "-reason", "solved")
    alone = await ran(client, first, *released)
    assert re.match(rf"{DENIED} hold\.second_person: ", alone.errors), alone
    assert (await ran(client, second, *released)).output == made.output.replace("\theld\t", "\treleased\t")
    assert name not in (await ran(client, second, "holds", "-camera", f"cameras/{GATE}")).output


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_an_emergency_opens_live_pictures_at_once_and_is_on_record(
    client: Sequence[str], home: str, bureau: Bureau, tmp_path: Path
) -> None:
    begun = now()
    shut = await ran(client, bureau, *LIVE, tmp_path / "shut.mp4")
    assert re.match(rf"{DENIED} auth\.household_camera: ", shut.errors), shut
    asked = ("grant", "-kind", "EMERGENCY", "-camera", home, "-reason", "screams behind a door")
    made = await ran(client, bureau, *asked)
    _, kind, state, cameras, actions, end, purpose = made.output.removesuffix("\n").split("\t")
    assert (kind, state, cameras, actions) == ("EMERGENCY", "REQUESTED", home, "LIVE"), made
    assert purpose == "case 2026-118: screams behind a door"
    assert abs(datetime.fromisoformat(end) - begun - timedelta(hours=4)) < timedelta(minutes=2)
    assert (await ran(client, bureau, "grants")).output.startswith(made.output), "newest first"
    film = tmp_path / "open.mp4"
    opened = await ran(client, bureau, *LIVE, film)
    assert opened.status == 0, opened
    assert await shown(film)

    told = await ran(client, bureau, "access", "-camera", home, "-start", begun.isoformat(), officer="")
    records = [line.split("\t") for line in told.output.splitlines()]
    assert [tuple(record[1:6]) for record in reversed(records) if record[1] != "VIEW"] == [
        ("DECISION", "live", home, "auth.household_camera", "031877"),
        ("CHANGE", "grant.request", home, "allowed", "031877"),
        ("DECISION", "live", home, "allowed", "031877"),
    ], told
    instants = [datetime.fromisoformat(record[0]) for record in records]
    assert instants == sorted(instants, reverse=True)


@pytest.mark.parametrize("client", LANGUAGES, indirect=True)
async def test_a_case_waits_for_a_second_person(
    client: Sequence[str], home: str, bureau: Bureau, tmp_path: Path
) -> None:
    past = ("-start", (now() - timedelta(hours=1)).isoformat(), "-end", now().isoformat())
    asked = ("grant", "-kind", "CASE", "-camera", f"{home},cameras/{GATE}", "-reason", "theft")
    endless = await ran(client, bureau, *asked, "-actions", "LIVE")
    assert re.match(rf"{INVALID} request\.\w+: .*\(field grant\.duration_s\)", endless.errors), endless
    made = await ran(client, bureau, *asked, "-actions", "LIVE,PLAYBACK", "-hours", "2.5", *past)
    name, kind, state, cameras, actions, _, purpose = made.output.removesuffix("\n").split("\t")
    assert (kind, state, actions) == ("CASE", "REQUESTED", "LIVE,PLAYBACK"), made
    assert set(cameras.split(",")) == {home, f"cameras/{GATE}"}
    assert (name.startswith("grants/"), purpose) == (True, "case 2026-118: theft")
    shut = await ran(client, bureau, *LIVE, tmp_path / "shut.mp4")
    assert re.match(rf"{DENIED} auth\.household_camera: ", shut.errors), shut


async def test_the_three_print_the_same(
    go_client: tuple[str, ...],
    java_clients: JavaClients,
    footage: Footage,
    keepers: tuple[Bureau, Bureau],
) -> None:
    keeper, _ = keepers
    camera = ("-camera", f"cameras/{GATE}")
    window = ("-start", footage.start.isoformat(), "-end", footage.end.isoformat())
    reason = ("-reason", "theft of a tractor")
    for wanted in (
        ("hold", *camera, *window, *reason),
        ("grant", "-kind", "CASE", "-actions", "LIVE,SNAPSHOT", "-hours", "1", *camera, *reason),
    ):
        done = await ran(python_client(), keeper, *wanted)
        assert done.status == 0, done
    for asked in (
        ("regions",),
        ("cameras", "-filter", GATE),
        ("timeline", *camera, *window),
        ("holds",),
        ("grants",),
        ("access",),
    ):
        told = [await ran(each, keeper, *asked) for each in (go_client, java_clients.client, python_client())]
        assert [each.status for each in told] == [0, 0, 0], told
        assert len({each.output for each in told}) == 1, told
        assert told[0].output, asked


def to_ms(instant: datetime) -> datetime:
    """As the door tells it."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
