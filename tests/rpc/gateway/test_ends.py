"""A right that ends by itself ends what runs under it within two seconds, and not at its next renewal."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.auth.v1 import auth_pb2
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.people import COUNTY
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.street import Street
from tests.waiting import eventually

PROMISE_S = 2.0
MINUTE_MS = 60_000
SHANGHAI = ZoneInfo("Asia/Shanghai")


async def test_a_shared_camera_is_seen_until_the_jurisdiction_ends(site: Site) -> None:
    uid = await watched(site, "gate", await site.add_camera("gate"))
    end_ms = site.clock.now_ms() + MINUTE_MS
    expire = Timestamp()
    expire.FromMilliseconds(end_ms)
    duty = auth_pb2.Jurisdiction(
        display_name="flood watch",
        region=COUNTY,
        camera_uids=[uid],
        members=[await site.principal("away")],
        reason="the river rises",
        expire_time=expire,
    )
    await site.directory.CreateJurisdiction(auth_pb2.CreateJurisdictionRequest(jurisdiction=duty))
    await plays_until(site, "gate", "away", end_ms)


async def test_a_camera_is_open_live_until_the_hours_of_the_consent_end(street: Street) -> None:
    site = street.site
    await watched(site, "home", street.home)
    end_ms = site.clock.now_ms() // MINUTE_MS * MINUTE_MS + 2 * MINUTE_MS
    end = datetime.fromtimestamp(end_ms / 1000, UTC).astimezone(SHANGHAI)
    await street.consent(hours_from=f"{(end.hour + 23) % 24:02}:{end:%M}", hours_to=f"{end:%H:%M}")
    await plays_until(site, "home", "chen", end_ms)


async def watched(site: Site, camera_id: str, uid: str) -> str:
    """The uid of a camera that has a picture."""
    footage = session(site.clock.now_ms() - 12_000, 12)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    return uid


async def plays_until(site: Site, camera_id: str, username: str, end_ms: int) -> None:
    """They watch live, their ticket renewed for another minute less than that before, and are cut off at the
    end."""
    await put_to(site, end_ms - 45_000)
    ticket = await site.ticket(camera_id, username, action="live")
    await view(site, ticket)
    for before_ms in (35_000, 25_000, 15_000, 5_000):  # in steps that leave them the viewer that they are
        await put_to(site, end_ms - before_ms)
        assert await is_open(site, ticket)
    await put_to(site, end_ms)

    async def is_over() -> bool:
        return not await is_open(site, ticket)

    await eventually(is_over, PROMISE_S)


async def put_to(site: Site, instant_ms: int) -> None:
    await site.pass_time(max(instant_ms - site.clock.now_ms(), 0) / 1000)


async def view(site: Site, ticket: str) -> None:
    """Watch a segment, until the renewal that tells of it."""
    told = len(await site.audit(event="view"))
    _, playlist = await site.get(f"/hls/{ticket}/live/media.m3u8")
    name = next(line for line in playlist.decode().splitlines() if line.endswith(".m4s"))
    assert (await site.get(f"/hls/{ticket}/live/{name}"))[0] == 200

    async def renewed() -> bool:
        return len(await site.audit(event="view")) > told

    await eventually(renewed)


async def is_open(site: Site, ticket: str) -> bool:
    async with site.http.get(f"/hls/{ticket}/live/media.m3u8") as response:
        if response.status == 403:
            assert (await response.json(content_type=None))["code"] == "ticket.revoked"
        return response.status != 403
