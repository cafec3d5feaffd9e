"""Multivariant playlists of live pictures (RFC 8216bis section 4.4.6): the main rendition, and others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.gateway.bandwidth import bandwidth_attributes
from services.gateway.live.window import LiveWindow
from services.gateway.stream_inf import stream_inf
from snowlight.media.rendition import MAIN
from snowlight.media.silent import silent_codecs


@dataclass(frozen=True, slots=True)
class Variant:
    """A rendition that is listed, as it is known before it is watched."""

    name: str
    codecs: str
    """RFC 6381, video first."""
    width: int
    height: int
    bandwidth: Sequence[str]
    """BANDWIDTH and AVERAGE-BANDWIDTH."""
    frames_per_second: float
    """0 while it is not known."""
    independent: bool
    """Each of its segments begins with a key frame."""


def multivariant_playlist(
    window: LiveWindow, variants: Sequence[Variant] = (), *, silent: bool = False
) -> str:
    """The main rendition, bandwidth as measured over what `window` lists, and after it others of `variants`.

    Alone it tells no frame rate: there is nothing to choose. `silent`: without the camera's sound.
    """
    segments = window.listed()
    init = segments[-1].init
    main = next((variant for variant in variants if variant.name == MAIN), None)
    others = [variant for variant in variants if variant.name != MAIN]
    lines = ["#EXTM3U", "#EXT-X-VERSION:7"]
    if all(segment.independent for segment in segments) and all(other.independent for other in others):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    lines += stream_inf(
        playlist_uri(MAIN),
        bandwidth_attributes([(len(segment.data), segment.duration_ms) for segment in segments]),
        silent_codecs(init.codecs) if silent else init.codecs,
        (init.width, init.height),
        main.frames_per_second if main is not None and others else 0,
    )
    for other in others:
        lines += stream_inf(
            playlist_uri(other.name),
            other.bandwidth,
            silent_codecs(other.codecs) if silent else other.codecs,
            (other.width, other.height),
            other.frames_per_second,
        )
    return "\n".join(lines) + "\n"


def playlist_uri(rendition: str) -> str:
    """Of a rendition's media playlist, from the multivariant one on."""
    return "live/media.m3u8" if rendition == MAIN else f"live/{rendition}/media.m3u8"
