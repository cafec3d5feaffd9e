"""Recordings of a camera at random, and how they looked at any moment while they came."""

from __future__ import annotations

from array import array
from dataclasses import replace
from itertools import accumulate

from hypothesis import strategies as st

from services.gateway.archive.recording import Recording

START_MS = 1_790_000_000_123
CODECS = ("avc1.64001f", "avc1.64001f,mp4a.40.2", "hvc1.1.6.L93.B0")


@st.composite
def camera_days(draw: st.DrawFn) -> list[Recording]:
    """One to twelve recordings without overlap, over minutes to hours: gaps, sessions, codecs, odd GOPs."""
    recordings: list[Recording] = []
    start_ms = START_MS + draw(st.integers(0, 3_600_000))
    session = 7
    codecs = CODECS[0]
    for sequence in range(draw(st.integers(1, 12))):
        if recordings:
            hole_ms = draw(st.sampled_from([0, 0, 0, 1, 900, 1_500, 30_000, 1_000_000]))
            start_ms = recordings[-1].end_ms + hole_ms
            if draw(st.integers(0, 2)) != 1:
                session += draw(st.integers(1, 100))
                codecs = draw(st.sampled_from(CODECS))
        lasts_ms = draw(st.sampled_from([480, 500, 520, 500, 500, 999]))
        key_every = draw(st.sampled_from([1, 2, 3, 4, 4, 5, 9, 40]))
        count = draw(st.integers(1, 140))
        recordings.append(
            Recording(
                camera_uid="c",
                key=f"k{sequence}",
                store="default",
                epoch=1,
                sequence=sequence,
                session=session,
                init8=f"{CODECS.index(codecs):08x}",
                init_size=100,
                codecs=codecs,
                starts=array("q", accumulate([lasts_ms] * count, initial=start_ms)),
                sizes=[1000 + key_every] * count,
                independent=bytes(index % key_every == 0 for index in range(count)),
            )
        )
    return recordings


def known_at(recordings: list[Recording], now_ms: int) -> list[Recording]:
    """What the index had of them at an instant: whole fragments, a second late."""
    seen: list[Recording] = []
    for recording in recordings:
        count = sum(end_ms <= now_ms - 1_000 for end_ms in recording.starts[1:])
        if count:
            seen.append(
                replace(
                    recording,
                    starts=recording.starts[: count + 1],
                    sizes=recording.sizes[:count],
                    independent=recording.independent[:count],
                )
            )
    return seen
