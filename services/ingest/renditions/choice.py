"""Which renditions a camera has."""

from services.ingest.observer import MediaInfo
from snowlight.media.rendition import H264, LADDER, MAIN, SUB


def renditions_of(main: MediaInfo | None, *, has_sub: bool, transcodes: bool) -> tuple[str, ...]:
    """Their names, the main one first.

    `main`: what the camera sends, None while that is not known. `has_sub`: it has a sub stream, which makes
    smaller ones needless. `transcodes`: pictures may be decoded and encoded anew here.
    """
    names = [MAIN]
    if has_sub:
        names.append(SUB)
    if main is not None and transcodes:
        if main.video_codec == "h265":
            names.append(H264)
        if not has_sub:
            names += [name for name in LADDER if lines_of(name) < main.height]
    return tuple(names)


def lines_of(name: str) -> int:
    """Of the pictures of a rung of the ladder: 720 for "720p"."""
    return int(name.removesuffix("p"))
