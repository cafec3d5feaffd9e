"""Pictures decoded, each with when it is shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from services.storage.exports.rendering.footage import TICKS_PER_MS, Picture
from services.storage.exports.rendering.job import Job

THREADS = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it is shown: `picture.pts` for `picture.duration`, decoded when it is shown."""

    picture: Picture
    frame: VideoFrame


def shown(video: VideoStream, pictures: Sequence[Picture], job: Job) -> Iterator[Shown]:
    """`pictures`, which begin with a key frame, in the order in which they are shown.

    For an exact job only from when its window begins until it ends: what is shown as it begins is shown from
    there. A picture that cannot be decoded is passed over.
    """
    for each in _decoded(video, pictures):
        picture = within(each.picture, job) if job.exact else each.picture
        if picture is not None:
            yield Shown(picture, each.frame)


def within(picture: Picture, job: Job) -> Picture | None:
    """The part of its time that lies in the window; None when there is none."""
    early = max(0, round((job.start_ms - picture.wall_ms) * TICKS_PER_MS))
    late = max(0, picture.duration - round((job.end_ms - picture.wall_ms) * TICKS_PER_MS))
    if early + late >= picture.duration:
        return None
    return replace(
        picture,
        dts=picture.dts + early,
        pts=picture.pts + early,
        duration=picture.duration - early - late,
        wall_ms=picture.wall_ms + early / TICKS_PER_MS,
    )


def _decoded(video: VideoStream, pictures: Sequence[Picture]) -> Iterator[Shown]:
    by_pts = {picture.packet.pts: picture for picture in pictures}
    decoder = video.codec_context
    decoder.thread_count = THREADS
    for packet in (*(picture.packet for picture in pictures), None):
        for frame in decoder.decode(packet):
            picture = by_pts.get(frame.pts)
            if picture is not None:
                yield Shown(replace(picture, dts=picture.pts), frame)
