"""What a tile of a wall sends next, however late it is asked."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable

from services.gateway.live.following import LONGEST_LAG_MS
from services.gateway.live.hub import LiveHub
from services.gateway.viewing.use import TicketUse
from services.gateway.wall.messages import Kind, Order
from services.gateway.wall.tile import Tile
from snowlight.access.revocations import Revocations
from snowlight.access.token import TicketClaims
from snowlight.media.fragment import Fragment, InitSection
from tests.unit.gateway.numbered import PARTS, fragments, init
from tests.unit.media.feed import HandClock

CLAIMS = TicketClaims("t", "principals/p", "uid", "live", 0, 0, 10**15)


class Shown:
    """A tile, and the camera behind it."""

    def __init__(self, *events: InitSection | Fragment) -> None:
        clock = HandClock()
        self.hub = LiveHub("uid", clock, Revocations(clock))
        self.tile = Tile(
            Order("watch", 7, "token"),
            TicketUse(CLAIMS, issued_at=0, expires_at=1e9, ends_at=1e9, now=0),
            self.hub,
        )
        self.comes(*events)

    def comes(self, *events: InitSection | Fragment) -> None:
        for event in events:
            if isinstance(event, InitSection):
                self.hub.window.add_init(event)
            else:
                self.hub.window.add_fragment(event)

    def sent(self) -> list[object]:
        """All that goes out now: kinds, fragments by their bytes, descriptions by their codecs."""
        told: list[object] = []
        while (step := self.tile.next()) is not None:
            for message in step.messages:
                if isinstance(message, str):
                    told.append(json.loads(message)["codecs"])
                    continue
                tile, kind = struct.unpack_from(">IB", message)
                assert tile == 7
                told.append(message[5:] if kind == Kind.FRAGMENT else Kind(kind))
        return told


def data(these: Iterable[Fragment]) -> list[bytes]:
    return [fragment.data for fragment in these]


def test_it_begins_at_the_newest_key_frame() -> None:
    told = fragments(100, 3)
    shown = Shown(init(100), *told[: 2 * PARTS + 2])
    assert shown.sent() == ["avc1", Kind.INIT, *data(told[2 * PARTS : 2 * PARTS + 2])]
    assert shown.sent() == []
    shown.comes(told[2 * PARTS + 2])
    assert shown.sent() == data(told[2 * PARTS + 2 : 2 * PARTS + 3])


def test_who_is_a_little_behind_misses_nothing() -> None:
    told = fragments(100, 5)
    shown = Shown(init(100), *told[: PARTS + 1])
    shown.sent()
    late = LONGEST_LAG_MS // 500
    shown.comes(*told[PARTS + 1 : PARTS + 1 + late])
    assert shown.sent() == data(told[PARTS + 1 : PARTS + 1 + late])


def test_who_is_far_behind_goes_on_at_the_newest_key_frame() -> None:
    told = fragments(100, 30)
    shown = Shown(init(100), *told[: PARTS + 1])
    shown.sent()
    for reached in (8 * PARTS + 2, 29 * PARTS + 1):  # the second time all that was sent has left the window
        shown.comes(*told[PARTS + 1 : reached])
        newest_key = (reached - 1) // PARTS * PARTS
        assert shown.sent() == [Kind.DISCONTINUITY, *data(told[newest_key:reached])]


def test_after_a_lost_fragment_it_waits_for_a_key_frame() -> None:
    told = fragments(100, 4)
    shown = Shown(init(100), *told[: PARTS + 1])
    shown.sent()
    shown.comes(*told[PARTS + 2 : 2 * PARTS])
    assert shown.sent() == []
    shown.comes(*told[2 * PARTS : 2 * PARTS + 2])
    assert shown.sent() == [Kind.DISCONTINUITY, *data(told[2 * PARTS : 2 * PARTS + 2])]


def test_a_new_session_has_its_own_beginning() -> None:
    told = fragments(100, 2)
    shown = Shown(init(100), *told)
    shown.sent()
    again = fragments(102, 1)
    shown.comes(init(102, 1), *again[:2])
    assert shown.sent() == [Kind.DISCONTINUITY, "avc1", Kind.INIT, *data(again[:2])]


def test_a_stream_that_breaks_off_and_is_told_again_repeats_nothing() -> None:
    told = fragments(100, 3)
    shown = Shown(init(100), *told[: 2 * PARTS + 2])
    shown.sent()
    shown.hub.window.cut()
    assert shown.sent() == []
    shown.comes(init(100), *told[2 * PARTS : 2 * PARTS + 3])
    assert shown.sent() == data(told[2 * PARTS + 2 : 2 * PARTS + 3])
