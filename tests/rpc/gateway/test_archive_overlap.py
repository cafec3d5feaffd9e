"""Two recordings of a camera that overlap by less than a second, as a clock put back leaves them."""

import re
from dataclasses import replace
from hashlib import sha256

import pytest

from tests.rpc.gateway.footage import Session, session
from tests.rpc.gateway.site import Site
from tests.rpc.gateway.test_archive import rfc3339, segments


@pytest.mark.parametrize("committed", (False, True))
async def test_every_part_of_both_recordings_can_be_played(site: Site, committed: bool) -> None:
    uid = await site.add_camera("gate")
    start_ms = site.clock.now_ms() - 120_000
    earlier = session(start_ms, 12)
    later = with_another_init(session(start_ms + 11_300, 12))  # no fragment of the earlier one starts then
    for recorded in (earlier, later):
        file = site.spool(uid, recorded.init, recorded.fragments)
        if committed:
            await site.commit(uid, file)
    ticket = await site.ticket(
        "gate", action="playback", start=rfc3339(start_ms), end=rfc3339(later.fragments[-1].end_ms)
    )
    status, body = await site.get(f"/hls/{ticket}/vod.m3u8")
    playlist = body.decode()
    assert status == 200, playlist

    played = b""
    for start, count in segments(playlist):
        status, data = await site.get(f"/hls/{ticket}/vod/{start}-{count}.m4s")
        assert status == 200, (start - start_ms, count)
        played += data
    assert played == b"".join(fragment.data for fragment in earlier.fragments + later.fragments)

    inits = re.findall(r'#EXT-X-MAP:URI="(.+?)"', playlist)
    assert [await site.get(f"/hls/{ticket}/{uri}") for uri in inits] == [
        (200, earlier.init.data),
        (200, later.init.data),
    ]
    # Any other instant names the init section of what was recorded then.
    assert await site.get(f"/hls/{ticket}/vod/init-{start_ms + 3_333}.mp4") == (200, earlier.init.data)
    assert await site.get(f"/hls/{ticket}/vod/init-{start_ms + 20_000}.mp4") == (200, later.init.data)


def with_another_init(recorded: Session) -> Session:
    data = recorded.init.data + b"\0\0\0\x08free"
    init = replace(recorded.init, data=data, init8=sha256(data).hexdigest()[:8])
    return Session(init, recorded.fragments)
