"""Where a reader of live pictures goes on after another gateway, and what it is told of what it missed."""

from __future__ import annotations

from services.gateway.live.following import LONGEST_LAG_MS, Break, Following, Place
from services.gateway.live.window import LiveWindow
from snowlight.media.fragment import Fragment
from tests.unit.gateway.numbered import PARTS, SEGMENT_MS, filled, fragments, init, numbered

SESSION = 100


def place(number: int) -> Place:
    return Place(SESSION, number, number * SEGMENT_MS // PARTS + 500)


def told(following: Following, window: LiveWindow) -> list[tuple[int, Break | None]]:
    """The numbers of all that comes now, each with why it does not go on."""
    found = []
    while (following_part := following.next(window)) is not None:
        found.append((following_part.part.number, following_part.gap))
    return found


def numbers(first: int, end: int) -> list[tuple[int, Break | None]]:
    return [(number, None) for number in range(first, end)]


def test_it_goes_on_with_the_next_part_however_far_behind() -> None:
    window = filled(init(SESSION), *fragments(SESSION, 10))
    first, end = SESSION * PARTS, (SESSION + 10) * PARTS
    following = Following(place(first + 5))
    begins = following.next(window)
    assert begins is not None
    assert (begins.part.number, begins.gap, begins.begins) == (first + 6, None, True)
    assert told(following, window) == numbers(first + 7, end)


def test_once_it_has_caught_up_it_is_as_slow_as_anybody() -> None:
    made = fragments(SESSION, 20)
    window = filled(init(SESSION), *made[: 10 * PARTS])
    following = Following(place(SESSION * PARTS + 5))
    told(following, window)
    for fragment in made[10 * PARTS :]:
        window.add_fragment(fragment)
    assert told(following, window)[0] == ((SESSION + 19) * PARTS, Break.TOO_SLOW)


def test_what_is_not_kept_any_more_is_missed_up_to_the_newest_key_frame() -> None:
    window = filled(init(SESSION), *fragments(SESSION + 2, 3))
    following = Following(place(SESSION * PARTS))
    assert told(following, window) == [
        ((SESSION + 4) * PARTS, Break.RESUME_TOO_LATE),
        *numbers((SESSION + 4) * PARTS + 1, (SESSION + 5) * PARTS),
    ]


def test_a_gateway_that_is_a_little_behind_the_other_repeats_nothing() -> None:
    made = fragments(SESSION, 3)
    window = filled(init(SESSION), *made[: 2 * PARTS])
    following = Following(place(SESSION * PARTS + 2 * PARTS))
    assert told(following, window) == []
    for fragment in made[2 * PARTS :]:
        window.add_fragment(fragment)
    first = SESSION * PARTS + 2 * PARTS + 1
    assert told(following, window) == numbers(first, first + 3)


def test_a_place_that_nothing_reaches_holds_nobody_up_for_long() -> None:
    made = fragments(SESSION, 6)
    window = filled(init(SESSION), *made[:PARTS])
    following = Following(Place(10**12, 1, 0))
    reached = PARTS + LONGEST_LAG_MS // 500
    for fragment in made[PARTS:reached]:
        window.add_fragment(fragment)
        assert told(following, window) == []
    for fragment in made[reached:]:
        window.add_fragment(fragment)
    assert told(following, window)[0][1] is Break.RESUME_TOO_LATE


def test_a_session_that_begins_right_behind_is_gone_on_with_from_its_first_part() -> None:
    made = fragments(SESSION, 2)
    window = filled(init(SESSION), *made)
    following = Following()
    told(following, window)
    window.add_init(init(SESSION + 2, 1))
    for number, fragment in enumerate(fragments(SESSION + 2, 1), 1):
        window.add_fragment(_numbered(fragment, number))
    assert told(following, window) == [(1, Break.SOURCE), *numbers(2, PARTS + 1)]


def _numbered(fragment: Fragment, number: int) -> Fragment:
    return Fragment(
        fragment.segment,
        fragment.part,
        fragment.start_ms,
        fragment.duration_ms,
        fragment.independent,
        fragment.lossy,
        (numbered(number),),
    )
