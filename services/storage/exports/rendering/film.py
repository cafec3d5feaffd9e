"""Copies recorded objects into one file, none of their pictures decoded but where the job asks for it."""

from collections.abc import Sequence
from pathlib import Path

from services.storage.exports.rendering.footage import (
    TICKS_PER_MS,
    ObjectFootage,
    Picture,
    Sound,
    open_object,
)
from services.storage.exports.rendering.job import Job, Made, Span
from services.storage.exports.rendering.mp4 import Mp4, Summary
from services.storage.exports.rendering.timeline import FileTimeline

_OVERLAP_MS = 20.0
"""Clocks of two writers that follow one another may differ by less than a picture."""


class Copying:
    """Fed with objects in order; nothing of them is kept. `finish` tells what was made."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._timeline = FileTimeline()
        self._file: Mp4 | None = None
        self._sound_end = 0

    def feed(self, data: bytes, start_ms: int) -> None:
        """One more object. Raises ValueError and `av.FFmpegError` when it is damaged."""
        with open_object(data, start_ms, silent=self._job.silent) as footage:
            pictures = self._wanted(footage.pictures)
            if pictures:
                self._write(footage, pictures)

    def finish(self) -> list[Made]:
        """The file; none when there was nothing to put into it."""
        if self._file is None:
            return []
        timeline = self._timeline
        return [self._file.close(Summary(timeline.parts, timeline.duration_ms, ()), encoding=False)]

    def _wanted(self, pictures: Sequence[Picture]) -> Sequence[Picture]:
        """From a key frame on, up to the last one that is shown before the window ends."""
        first = entry(pictures, self._job.start_ms, self._timeline.wall_end_ms)
        return pictures[first : behind(pictures, self._job.end_ms)]

    def _write(self, footage: ObjectFootage, pictures: Sequence[Picture]) -> None:
        file = self._file
        if file is None:
            file = self._file = Mp4(Path(self._job.folder) / "copied.mp4", pictures[0].wall_ms)
            file.copy_video(footage.video)
            if footage.audio is not None:
                file.copy_audio(footage.audio)
        fresh = self._timeline.begin(pictures[0])
        for picture in pictures:
            self._timeline.add(picture)
        sounds = self._placed(footage.sounds, pictures[0] if fresh else None)
        copy(file, pictures, sounds, self._timeline.shift)

    def _placed(self, sounds: Sequence[Sound], first: Picture | None) -> list[Sound]:
        placed, self._sound_end = place_sounds(sounds, self._timeline, first, self._sound_end)
        return placed


def entry(pictures: Sequence[Picture], start_ms: int, reached_ms: float | None) -> int:
    """Where to begin: what goes on where the file has got to, or else with a key frame."""
    keys = [at for at, picture in enumerate(pictures) if picture.key]
    if reached_ms is None:
        before = [at for at in keys if pictures[at].wall_ms <= start_ms]
        return before[-1] if before else next(iter(keys), len(pictures))
    if pictures and pictures[0].wall_ms >= reached_ms - _OVERLAP_MS:
        return 0
    return next((at for at in keys if pictures[at].wall_ms >= reached_ms - _OVERLAP_MS), len(pictures))


def behind(pictures: Sequence[Picture], end_ms: int) -> int:
    """Behind the last picture, as they are decoded, that is shown before the window ends, and those between
    it and what it is decoded from."""
    end = next((at + 1 for at in range(len(pictures) - 1, -1, -1) if pictures[at].wall_ms < end_ms), 0)
    latest = max((picture.pts for picture in pictures[:end]), default=0)
    while end < len(pictures) and pictures[end].pts < latest:
        end += 1
    return end


def place_sounds(
    sounds: Sequence[Sound], timeline: FileTimeline, first: Picture | None, reached: int
) -> tuple[list[Sound], int]:
    """Those that are heard with what is in the file, and where they end in it, in 1/90000 s.

    `first`: the picture that a run begins with, before which nothing is heard.
    """
    begin = reached if first is None else max(reached, first.pts + timeline.shift)
    placed: list[Sound] = []
    for sound in sounds:
        at = sound.ticks + timeline.shift
        if at >= begin - TICKS_PER_MS and at < timeline.shown_until:
            placed.append(sound)
            begin = reached = at + round(sound.duration * sound.unit * 90_000)
    return placed, reached


def copy(file: Mp4, pictures: Sequence[Picture], sounds: Sequence[Sound], shift: int) -> None:
    """Write what was placed, in the order in which it is needed."""
    ordered: list[Picture | Sound] = sorted(
        [*pictures, *(sounds if file.has_audio else ())],
        key=lambda each: each.dts if isinstance(each, Picture) else each.ticks,
    )
    for each in ordered:
        if isinstance(each, Picture):
            file.write_picture(
                bytes(each.packet), each.dts + shift, each.pts + shift, each.duration, key=each.key
            )
        else:
            write_sound(file, each, shift)


def write_sound(file: Mp4, sound: Sound, shift: int) -> None:
    """Where `shift` puts it."""
    moved = round(shift / 90_000 / sound.unit)
    file.write_sound(bytes(sound.packet), max(sound.pts + moved, 0), sound.duration, sound.unit)


def span_of(pictures: Sequence[Picture]) -> Span:
    """When they are shown."""
    last = max(pictures, key=lambda each: each.pts)
    first = min(pictures, key=lambda each: each.pts)
    return Span(start_ms=round(first.wall_ms), end_ms=round(last.wall_ms + last.duration / TICKS_PER_MS))
