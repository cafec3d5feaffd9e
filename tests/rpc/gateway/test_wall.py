"""A wall of live pictures over one WebSocket."""

from __future__ import annotations

import asyncio
import io
import json
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import av
import pytest

from snowlight.api.auth.v1 import revocation_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.instants import format_instant
from snowlight.media.boxes import box
from snowlight.media.fragment import Fragment
from tests.rpc.gateway.footage import Session, session
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.test_residents import with_sound
from tests.waiting import eventually

INIT, FRAGMENT, DISCONTINUITY = 0, 1, 2
PROMISE_S = 2.0


@dataclass
class Wall:
    """A client of the socket."""

    socket: aiohttp.ClientWebSocketResponse
    pictures: dict[int, list[tuple[int, bytes]]] = field(default_factory=dict)
    """Binary messages by tile."""

    async def order(self, **message: Any) -> None:
        await self.socket.send_str(json.dumps(message))

    async def told(self, timeout_s: float = 5) -> dict[str, Any]:
        """The next message of JSON; pictures before it are kept."""
        async with asyncio.timeout(timeout_s):
            while True:
                message = await self.socket.receive()
                assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message
                if message.type is aiohttp.WSMsgType.TEXT:
                    return dict(json.loads(message.data))
                self._keep(message.data)

    async def shown(self, tile: int, count: int, timeout_s: float = 5) -> list[tuple[int, bytes]]:
        """The tile's binary messages, once there are so many."""
        async with asyncio.timeout(timeout_s):
            while len(self.pictures.get(tile, [])) < count:
                message = await self.socket.receive()
                if message.type is aiohttp.WSMsgType.BINARY:
                    self._keep(message.data)
        return self.pictures[tile]

    def _keep(self, data: bytes) -> None:
        tile, kind = struct.unpack_from(">IB", data)
        self.pictures.setdefault(tile, []).append((kind, data[5:]))


@asynccontextmanager
async def wall(site: Site) -> AsyncIterator[Wall]:
    async with site.http.ws_connect("/ws") as socket:
        yield Wall(socket)


async def camera(site: Site, name: str = "gate") -> tuple[str, Session]:
    """One that has sent five whole segments and a part."""
    uid = await site.add_camera(name)
    footage = session(site.clock.now_ms() - 10_500, 20)
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments[:21])
    return uid, footage


async def test_a_tile_begins_at_the_newest_key_frame_and_follows_the_camera(site: Site) -> None:
    uid, footage = await camera(site)
    async with wall(site) as client:
        await client.order(op="watch", id=7, ticket=await site.ticket("gate", action="live"))
        assert await client.told() == {"id": 7, "codecs": footage.init.codecs, "width": 160, "height": 90}
        begun = await client.shown(7, 2)
        assert begun == [(INIT, footage.init.data), (FRAGMENT, footage.fragments[20].data)]
        for fragment in footage.fragments[21:24]:
            await site.ingest.pictures.send(uid, fragment)
        shown = await client.shown(7, 5)
        assert [kind for kind, _ in shown] == [INIT, FRAGMENT, FRAGMENT, FRAGMENT, FRAGMENT]
        with av.open(io.BytesIO(b"".join(data for _, data in shown)), "r") as container:
            assert len(list(container.decode(video=0))) == 50


async def test_a_wall_s_tiles_come_over_one_socket_and_a_stopped_one_no_more(site: Site) -> None:
    cameras = {number: await camera(site, f"gate{number}") for number in (1, 2, 3)}
    async with wall(site) as client:
        for number in cameras:
            await client.order(
                op="watch", id=number, ticket=await site.ticket(f"gate{number}", action="live")
            )
        for number, (_, footage) in cameras.items():
            assert (await client.shown(number, 2))[1] == (FRAGMENT, footage.fragments[20].data)
        await client.order(op="stop", id=2)
        await client.order(op="watch", id=2, ticket="x")
        while "error" not in await client.told():
            pass
        for uid, footage in cameras.values():
            await site.ingest.pictures.send(uid, footage.fragments[21])
        await client.shown(1, 3)
        await client.shown(3, 3)
        assert len(client.pictures[2]) == 2


def heavier(footage: Session) -> list[Fragment]:
    """What comes next of the camera, so much that no buffer of the system holds it."""
    return [
        replace(fragment, chunks=(*fragment.chunks, box(b"free", bytes(1 << 20))))
        for fragment in footage.fragments[21:]
    ]


async def test_a_client_that_reads_nothing_for_long_goes_on_at_a_key_frame(site: Site) -> None:
    uid, footage = await camera(site)
    heavy = heavier(footage)
    async with wall(site) as client, wall(site) as quick:
        for each in (client, quick):
            await each.order(op="watch", id=1, ticket=await site.ticket("gate", action="live"))
            await each.shown(1, 2)
        for number, fragment in enumerate(heavy):
            await site.ingest.pictures.send(uid, fragment)
            await quick.shown(1, 3 + number)
        await client.order(op="stop", id=1)
        await client.order(op="look", id=1)  # its answer comes behind all that was sent
        await client.told()
        kinds = [kind for kind, _ in client.pictures[1]]
        assert len(kinds) < len(heavy), "the rest was never kept for it"


async def test_a_new_session_is_told_with_its_init_section(site: Site) -> None:
    uid, footage = await camera(site)
    async with wall(site) as client:
        await client.order(op="watch", id=1, ticket=await site.ticket("gate", action="live"))
        await client.shown(1, 2)
        again = session(footage.fragments[20].end_ms + 2000, 4, discontinuity_sequence=1)
        await site.ingest.pictures.send(uid, again.init, *again.fragments[:2])
        assert (await client.told())["codecs"] == again.init.codecs
        shown = await client.shown(1, 6)
        assert [kind for kind, _ in shown[2:]] == [DISCONTINUITY, INIT, FRAGMENT, FRAGMENT]


async def test_a_right_that_is_taken_away_ends_its_tile_and_no_other(site: Site) -> None:
    uid, footage = await camera(site)
    other_uid, other = await camera(site, "other")
    async with wall(site) as client:
        for number, name in ((1, "gate"), (2, "other")):
            await client.order(op="watch", id=number, ticket=await site.ticket(name, action="live"))
            await client.told()
            await client.shown(number, 2)
        await site.revoke(revocation_pb2.CAMERA, uid)
        message = await client.told(PROMISE_S)
        assert (message["id"], message["error"]["code"]) == (1, "ticket.revoked")
        await site.ingest.pictures.send(uid, *footage.fragments[21:25])
        await site.ingest.pictures.send(other_uid, other.fragments[21])
        await client.shown(2, 3)
        assert len(client.pictures[1]) == 2


async def test_what_is_on_its_way_to_a_slow_client_is_cut_with_its_right(site: Site) -> None:
    uid, footage = await camera(site)
    async with wall(site) as client:
        await client.order(op="watch", id=1, ticket=await site.ticket("gate", action="live"))
        await client.shown(1, 2)
        await site.ingest.pictures.send(uid, *heavier(footage))
        await asyncio.sleep(0.5)
        await site.revoke(revocation_pb2.CAMERA, uid)
        await asyncio.sleep(PROMISE_S)
        ended = time.monotonic()
        while not client.socket.closed:
            await client.socket.receive(timeout=1)
        assert time.monotonic() - ended < 1, "nothing but what had arrived was left to read"


async def test_a_camera_that_goes_away_is_told_with_its_reason(site: Site) -> None:
    uid, _ = await camera(site)
    async with wall(site) as client:
        await client.order(op="watch", id=1, ticket=await site.ticket("gate", action="live"))
        await client.shown(1, 2)
        site.ingest.set_state("cameras/gate", uid, camera_pb2.OFFLINE, "camera.unreachable: no route")
        site.ingest.pictures.cameras[uid].events.clear()
        await site.ingest.pictures.break_off(uid)
        message = await client.told()
        assert (message["id"], message["error"]["code"]) == (1, "camera.offline")
        assert "no route" in message["error"]["detail"]


async def test_who_may_or_will_not_hear_sees_the_pictures_alone(site: Site) -> None:
    uid = await site.add_camera("square", ownership="PUBLIC", listed_for_residents=True)
    footage = with_sound()
    await site.ingest.pictures.send(uid, footage.init, *footage.fragments)
    async with wall(site) as client:
        await client.order(op="watch", id=1, ticket=await site.ticket("square", "resident", action="live"))
        assert "," not in (await client.told())["codecs"]
        heard = await site.ticket("square", action="live")
        await client.order(op="watch", id=2, ticket=heard, silent=True)
        assert "," not in (await client.told())["codecs"]
        await client.order(op="watch", id=3, ticket=heard)
        assert "," in (await client.told())["codecs"]
        shown = [await client.shown(tile, 2) for tile in (1, 2, 3)]
    tracks = []
    for tile in shown:
        with av.open(io.BytesIO(b"".join(data for _, data in tile)), "r") as container:
            tracks.append([stream.type for stream in container.streams])
    assert tracks == [["video"], ["video"], ["video", "audio"]]


@pytest.mark.parametrize(
    ("message", "code", "field"),
    [
        ("{", "ws.malformed", None),
        ("[1]", "ws.malformed", None),
        ("[" * 5000, "ws.malformed", None),
        ('{"op":"watch","ticket":"x"}', "ws.malformed", "id"),
        ('{"op":"watch","id":-1,"ticket":"x"}', "ws.malformed", "id"),
        ('{"op":"watch","id":true,"ticket":"x"}', "ws.malformed", "id"),
        ('{"op":"watch","id":4294967296,"ticket":"x"}', "ws.malformed", "id"),
        ('{"op":"look","id":1}', "ws.malformed", "op"),
        ('{"op":"watch","id":1}', "ws.malformed", "ticket"),
        ('{"op":"watch","id":1,"ticket":7}', "ws.malformed", "ticket"),
        ('{"op":"watch","id":1,"ticket":"x","silent":1}', "ws.malformed", "silent"),
        ('{"op":"watch","id":1,"ticket":"x"}', "auth.token_invalid", None),
        (b"pictures", "ws.malformed", None),
    ],
)
async def test_an_order_that_makes_no_sense_is_answered_and_ends_nothing(
    site: Site, message: str | bytes, code: str, field: str | None
) -> None:
    await camera(site)
    async with wall(site) as client:
        await (
            client.socket.send_bytes(message)
            if isinstance(message, bytes)
            else client.socket.send_str(message)
        )
        error = (await client.told())["error"]
        assert (error["code"], error.get("field")) == (code, field)
        await client.order(op="watch", id=9, ticket=await site.ticket("gate", action="live"))
        assert (await client.told())["id"] == 9


async def test_a_client_that_only_errs_is_shown_the_door(site: Site) -> None:
    async with wall(site) as client:
        for _ in range(20):
            await client.socket.send_str("?")
        for _ in range(20):
            await client.told()
        assert (await client.socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert client.socket.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION


async def test_a_ticket_for_the_past_opens_no_tile_and_an_id_is_used_once(site: Site) -> None:
    await camera(site)
    now = site.clock.now_ms()
    window = {"start": format_instant(now - 60_000), "end": format_instant(now)}
    past = await site.ticket("gate", action="playback", **window)
    ticket = await site.ticket("gate", action="live")
    async with wall(site) as client:
        await client.order(op="watch", id=1, ticket=past)
        assert (await client.told())["error"]["code"] == "ticket.wrong_action"
        await client.order(op="watch", id=1, ticket=ticket)
        await client.shown(1, 2)
        await client.order(op="watch", id=1, ticket=ticket)
        assert (await client.told())["error"]["code"] == "ws.id_in_use"


async def test_what_is_watched_is_on_record(site: Site) -> None:
    uid, footage = await camera(site)
    async with wall(site) as client:
        await client.order(op="watch", id=1, ticket=await site.ticket("gate", action="live"))
        await site.ingest.pictures.send(uid, *footage.fragments[21:24])
        await client.shown(1, 5)

    async def told() -> bool:
        views = await site.audit(event="view", action="live")
        return bool(views) and views[0].watched_s == 2 and views[0].watched_bytes > 0

    site.clock.ahead_s += 61
    await eventually(told)


async def test_the_path_takes_nothing_but_a_socket(site: Site) -> None:
    status, answer = await site.call("GET", "/ws")
    assert (status, answer["code"]) == (400, "ws.handshake")
