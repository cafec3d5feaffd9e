"""Copies from one instant to another: the pictures around them are encoded anew, all others are copied."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from services.storage.exports.rendering.decoding import shown, within
from services.storage.exports.rendering.encoding import Encoding
from services.storage.exports.rendering.film import behind, copy, entry, place_sounds, span_of
from services.storage.exports.rendering.footage import ObjectFootage, Picture, open_object
from services.storage.exports.rendering.grafting import Graft, is_refresh
from services.storage.exports.rendering.job import Job, Made, Span
from services.storage.exports.rendering.mp4 import Mp4, Summary
from services.storage.exports.rendering.timeline import FileTimeline


class ExactCopying:
    """Fed as `Copying` is. Where a stream suffers no graft, its first pictures are a file of their own."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._timeline = FileTimeline()
        self._file: Mp4 | None = None
        self._graft: Graft | None = None
        self._head = Encoding(job, "head", None)
        self._head_end_ms: float | None = None
        self._sound_end = 0
        self._reencoded: list[Span] = []

    def feed(self, data: bytes, start_ms: int) -> None:
        """One more object. Raises ValueError and `av.FFmpegError` when it is damaged."""
        with open_object(data, start_ms, silent=self._job.silent) as footage:
            reached_ms = self._timeline.wall_end_ms
            pictures = footage.pictures
            first = entry(
                pictures, self._job.start_ms, self._head_end_ms if reached_ms is None else reached_ms
            )
            pictures = pictures[first : behind(pictures, self._job.end_ms)]
            if pictures:
                self._write(footage, pictures)

    def finish(self) -> list[Made]:
        """The file, and before it that of the first pictures if they have one."""
        made = self._head.finish()
        if self._file is not None:
            timeline = self._timeline
            summary = Summary(timeline.parts, timeline.duration_ms, tuple(self._reencoded))
            made.append(self._file.close(summary, encoding=False))
        return made

    def _write(self, footage: ObjectFootage, pictures: Sequence[Picture]) -> None:
        if self._file is None:
            pictures = self._begun(footage, pictures)
            if not pictures:
                return
        pictures = self._ended(footage, pictures)
        file = self._file or self._open(footage, pictures[0])
        fresh = self._timeline.begin(pictures[0])
        for picture in pictures:
            self._timeline.add(picture)
        sounds, self._sound_end = place_sounds(
            footage.sounds, self._timeline, pictures[0] if fresh else None, self._sound_end
        )
        copy(file, pictures, sounds, self._timeline.shift)

    def _begun(self, footage: ObjectFootage, pictures: Sequence[Picture]) -> Sequence[Picture]:
        """From the window's begin on: the first pictures encoded anew, unless they begin there."""
        follows = next((at for at, each in enumerate(pictures) if at and each.key), len(pictures))
        group, others = pictures[:follows], pictures[follows:]
        is_head = group[0].wall_ms < self._job.start_ms
        if not is_head and not _reordered(pictures):
            return pictures
        try:
            if others and not is_refresh(others[0]):
                raise ValueError("what follows refers to what is before it")
            self._graft = Graft(footage.video.codec_context)
        except ValueError:
            if not is_head:
                return pictures
            self._head.write(footage, group)
            self._head_end_ms = max(each.wall_ms for each in group)
            return others
        if not is_head:
            return pictures
        delay = others[0].pts - others[0].dts if others else 0
        return [*self._encoded(footage, group, delay), *others]

    def _ended(self, footage: ObjectFootage, pictures: Sequence[Picture]) -> Sequence[Picture]:
        """Up to the window's end."""
        end_ms = self._job.end_ms
        keys = [at for at, each in enumerate(pictures) if each.key]
        if self._graft is not None and keys and any(each.wall_ms >= end_ms for each in pictures):
            # What is shown last is decoded from what is shown only after the end.
            group = pictures[keys[-1] :]
            delay = group[0].pts - group[0].dts
            return [*pictures[: keys[-1]], *self._encoded(footage, group, delay)]
        at = max(range(len(pictures)), key=lambda each: pictures[each].pts)
        last = within(pictures[at], self._job)
        if last is None or last.pts != pictures[at].pts:
            return pictures
        return [*pictures[:at], replace(pictures[at], duration=last.duration), *pictures[at + 1 :]]

    def _encoded(self, footage: ObjectFootage, group: Sequence[Picture], delay: int) -> list[Picture]:
        assert self._graft is not None
        pictures = list(self._graft.encode(shown(footage.video, group, self._job), delay))
        if pictures:
            self._reencoded.append(span_of(pictures))
        return pictures

    def _open(self, footage: ObjectFootage, first: Picture) -> Mp4:
        file = self._file = Mp4(Path(self._job.folder) / "copied.mp4", first.wall_ms)
        file.copy_video(footage.video, self._graft.extradata if self._graft else None)
        if footage.audio is not None:
            file.copy_audio(footage.audio)
        return file


def _reordered(pictures: Sequence[Picture]) -> bool:
    return any(each.pts - each.dts != pictures[0].pts - pictures[0].dts for each in pictures)
