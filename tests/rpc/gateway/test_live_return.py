"""A camera that was away for an hour while somebody kept asking for its picture."""

import asyncio
import re
from pathlib import Path

from tests.rpc.gateway.footage import session
from tests.rpc.gateway.site import run_site

HOUR_S = 3600


async def test_who_waits_for_a_camera_never_sees_the_picture_of_before(tmp_path: Path) -> None:
    async with run_site(tmp_path, live_wait_seconds=2, live_idle_seconds=2 * HOUR_S) as site:
        uid = await site.add_camera("gate")
        before = session(site.clock.now_ms() - 12_000, 12)
        await site.ingest.pictures.send(uid, before.init, *before.fragments)
        ticket = await site.ticket("gate", action="live")
        assert (await site.get(f"/hls/{ticket}/live.m3u8"))[0] == 200

        await site.pass_time(HOUR_S)
        ticket = await site.ticket("gate", action="live")
        after = session(site.clock.now_ms(), 12, discontinuity_sequence=1)
        await site.ingest.pictures.send(uid, after.init, after.fragments[0])
        for playlist in ("live.m3u8", "live/media.m3u8"):
            status, answer = await site.call("GET", f"/hls/{ticket}/{playlist}")
            assert (status, answer["code"]) == (503, "live.no_segment")

        waiting = asyncio.create_task(site.get(f"/hls/{ticket}/live/media.m3u8"))
        await site.ingest.pictures.send(uid, *after.fragments[1:])
        status, body = await waiting
        assert status == 200, body
        assert re.findall(r"#EXT-X-MEDIA-SEQUENCE:(\d+)", body.decode()) == [str(after.init.session)]
        assert f"init-{after.init.init8}-{after.init.session}.mp4" in body.decode()
        assert f"-{before.init.session}.mp4" not in body.decode()
