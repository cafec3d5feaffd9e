"""One file of pictures that are all encoded anew: H.264, whatever they were."""

from collections.abc import Sequence
from pathlib import Path

from av.video.reformatter import VideoReformatter

from services.storage.exports.rendering.burning import Painter
from services.storage.exports.rendering.decoding import shown
from services.storage.exports.rendering.film import (
    behind,
    entry,
    place_sounds,
    write_sound,
)
from services.storage.exports.rendering.footage import ObjectFootage, Picture, Sound, open_object
from services.storage.exports.rendering.job import Job, Made, Span
from services.storage.exports.rendering.mp4 import Mp4, Summary
from services.storage.exports.rendering.timeline import FileTimeline
from snowlight.media.appearance import in_limited_range


class Encoding:
    """Fed as `Copying` is. `painter` draws into every picture."""

    def __init__(self, job: Job, name: str, painter: Painter | None) -> None:
        self._job = job
        self._name = name
        self._painter = painter
        self._timeline = FileTimeline()
        self._file: Mp4 | None = None
        self._reformatter = VideoReformatter()
        self._sound_end = 0

    def feed(self, data: bytes, start_ms: int) -> None:
        """One more object. Raises ValueError and `av.FFmpegError` when it is damaged."""
        with open_object(data, start_ms, silent=self._job.silent) as footage:
            pictures = footage.pictures
            first = entry(pictures, self._job.start_ms, self._timeline.wall_end_ms)
            self.write(footage, pictures[first : behind(pictures, self._job.end_ms)])

    def write(self, footage: ObjectFootage, pictures: Sequence[Picture]) -> None:
        """Some of an object's pictures, from a key frame on."""
        timeline = self._timeline
        first: Picture | None = None
        sounds = list(footage.sounds)
        begun = False
        for each in shown(footage.video, pictures, self._job):
            picture = each.picture
            file = self._file or self._open(footage, picture)
            if not begun:
                begun = True
                first = picture if timeline.begin(picture) else None
            timeline.add(picture)
            frame = in_limited_range(each.frame, file.width, file.height, self._reformatter)
            if self._painter is not None:
                frame = self._painter.paint(frame, picture.wall_ms)
            file.encode(frame, picture.pts + timeline.shift, picture.duration)
            if file.has_audio:
                first = self._write_sounds(file, sounds, picture, first)

    def finish(self) -> list[Made]:
        """The file; none when there was nothing to put into it."""
        if self._file is None:
            return []
        timeline = self._timeline
        spans = tuple(Span(start_ms=part.start_ms, end_ms=part.end_ms) for part in timeline.parts)
        return [self._file.close(Summary(timeline.parts, timeline.duration_ms, spans), encoding=True)]

    def _open(self, footage: ObjectFootage, first: Picture) -> Mp4:
        self._file = Mp4(Path(self._job.folder) / f"{self._name}.mp4", first.wall_ms)
        self._file.encode_video(footage.video)
        if footage.audio is not None:
            self._file.copy_audio(footage.audio)
        return self._file

    def _write_sounds(
        self, file: Mp4, sounds: list[Sound], picture: Picture, first: Picture | None
    ) -> Picture | None:
        """Those that are heard up to the end of `picture`, in step with it."""
        until = picture.pts + picture.duration
        due = [sound for sound in sounds if sound.ticks < until]
        if not due:
            return first
        placed, self._sound_end = place_sounds(due, self._timeline, first, self._sound_end)
        for sound in placed:
            write_sound(file, sound, self._timeline.shift)
        del sounds[: len(due)]
        return None
