"""How well a camera's stream comes, as ingest measures it."""

from __future__ import annotations

from services.ingest.health.meter import TURNS
from snowlight.media.fragment import Fragment
from tests.rpc.gateway.site import Site


def come(site: Site, uid: str, camera: str, *, bytes_per_second: int = 250_000, lost: int = 0) -> None:
    """Four seconds of the camera's stream came, and more will."""
    observer = site.ingest.board.session(uid, camera)
    observer.on_state("online", "", site.clock.now_ms())
    now_ms = site.clock.now_ms() - 4000
    for half in range(8):
        data = (bytes(bytes_per_second // 2),)
        observer.on_fragment(Fragment(0, half, now_ms + half * 500, 500, half % 4 == 0, False, data, 12))
    observer.on_received(1000 - lost)
    observer.on_loss(lost)
    observer.on_jitter(7.26)
    observer.on_camera_clock(-250)


def look(site: Site) -> None:
    """A minute is over."""
    board = site.ingest.board
    for turn in range(TURNS):
        for measured in board.health.measure(turn, site.clock.now_ms()):
            if measured.is_news:
                board.change_health(measured.uid, measured.health)
