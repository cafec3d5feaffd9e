"""Which key frames stand for a range: what a player shows at many times the speed and while it scrubs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.gateway.archive.recording import GAP_MS, Recording

MOST_PICTURES = 7_200
"""In one playlist, but for one at its edge."""
_STEP_MS = 1_000


@dataclass(frozen=True, slots=True)
class KeyPicture:
    """The key frame that begins a recording's fragment `index`."""

    recording: Recording
    index: int
    duration_ms: int
    """Until the next one, or the end of the footage that follows without a gap."""

    @property
    def start_ms(self) -> int:
        return self.recording.starts[self.index]

    @property
    def size(self) -> int:
        """Bytes of its fragment: it has less."""
        return self.recording.sizes[self.index]


def step_ms(start_ms: int, end_ms: int) -> int:
    """At most one key frame is taken in so many milliseconds of a range: whole seconds, one up to two hours,
    twelve for a day."""
    steps = -(-(end_ms - start_ms) // (MOST_PICTURES * _STEP_MS))
    return max(steps, 1) * _STEP_MS


def key_pictures(recordings: Sequence[Recording], start_ms: int, end_ms: int) -> list[KeyPicture]:
    """Key frames to show [start_ms, end_ms) by: the first one in each step of the wall clock, from the last
    one at or before `start_ms` on. Any range with the same step has the same ones, but for the edges."""
    step = step_ms(start_ms, end_ms)
    taken = list(_taken(recordings, start_ms, end_ms, step))
    ends = _ends_of_runs(recordings, end_ms)
    starts = [recording.start_ms for recording in recordings]
    pictures: list[KeyPicture] = []
    for number, (recording, index) in enumerate(taken):
        begins_ms = recording.starts[index]
        until_ms = ends[bisect_right(starts, recording.start_ms) - 1]
        if number + 1 < len(taken):
            following, place = taken[number + 1]
            until_ms = min(until_ms, following.starts[place])
        pictures.append(KeyPicture(recording, index, max(until_ms - begins_ms, 1)))
    return pictures


def _taken(
    recordings: Sequence[Recording], start_ms: int, end_ms: int, step: int
) -> Iterator[tuple[Recording, int]]:
    """The first key frame in each step of the wall clock. What follows it in its step is not looked at."""
    from_ms = 0
    for recording in recordings:
        first, end = recording.first_needed(start_ms), recording.first_after(end_ms)
        index = recording.next_key(max(first, recording.first_after(from_ms)), end)
        while index is not None:
            yield recording, index
            from_ms = (recording.starts[index] // step + 1) * step
            index = recording.next_key(recording.first_after(from_ms), end)


def _ends_of_runs(recordings: Sequence[Recording], end_ms: int) -> list[int]:
    """Where the footage ends that goes on from each recording without a gap or a new session, within the
    range."""
    ends: list[int] = []
    following: Recording | None = None
    for recording in reversed(recordings):
        until_ms = recording.starts[recording.first_after(end_ms)]
        if following is not None and until_ms == recording.end_ms:
            holes_ms = following.start_ms - until_ms
            if holes_ms <= GAP_MS and following.session == recording.session:
                until_ms = max(until_ms, ends[-1])
        ends.append(until_ms)
        following = recording
    ends.reverse()
    return ends
