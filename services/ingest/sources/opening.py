"""From a camera's URL to the source that speaks its protocol."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from services.ingest.sources.address import Address, parse_address
from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.rtsp.client.delivery import Datagrams, Interleaved
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.rtsp.client.source import RtspSource
from services.ingest.sources.source import AccessUnitSink, Credentials, Source, SourceError, SourceSettings

_PATIENT = SourceSettings()
_LIBAV_SCHEMES = ("file", "rtmp", "http", "https")


def open_source(
    url: str,
    credentials: Credentials | None,
    *,
    audio: bool,
    network: SourceNetwork,
    media_dir: Path | None,
    rounds: ReadRounds,
    settings: SourceSettings = _PATIENT,
) -> Source:
    """The source for `url`; nothing is connected or opened before its `run`.

    `rtsp` is RTSP with RTP over TCP, `rtsp+udp` the same camera with RTP over UDP; further `rtmp`, `http`,
    `https` (HLS and whole streams) and `file`. `credentials` go before those in the URL. `audio`: whether
    the sound is wanted. `network`: where ingest may connect to. `media_dir`: the only folder whose files may
    be played; None for none. `rounds`: in which RTSP connections are read.
    Raises SourceError camera.protocol_unsupported or camera.protocol_error for a URL that cannot be played.
    """
    address = parse_address(url)
    if credentials is not None:
        address = replace(address, credentials=credentials)
    if address.scheme != "file" and not address.host:
        raise SourceError("camera.protocol_error", "the source URL names no host")
    if address.scheme in ("rtsp", "rtsp+udp"):
        return RtspSource(
            replace(address, scheme="rtsp", url=address.url.replace("rtsp+udp:", "rtsp:", 1)),
            delivery=Datagrams if address.scheme == "rtsp+udp" else Interleaved,
            audio=audio,
            network=network,
            rounds=rounds,
            settings=settings,
        )
    if address.scheme in _LIBAV_SCHEMES:
        return LaterSource(partial(_open_by_libav, address, audio, network, media_dir, settings))
    raise SourceError("camera.protocol_unsupported", f"{address.scheme[:16] or 'no scheme'} is not carried")


class LaterSource:
    """One that is made, in a thread, when it is run."""

    def __init__(self, make: Callable[[], Source]) -> None:
        self._make = make

    async def run(self, sink: AccessUnitSink) -> None:
        source = await asyncio.to_thread(self._make)
        await source.run(sink)


def _open_by_libav(
    address: Address, audio: bool, network: SourceNetwork, media_dir: Path | None, settings: SourceSettings
) -> Source:
    """libav is 17 MB of a process, and 0.1 s of an event loop: it is loaded for the first camera."""
    from services.ingest.sources.libav.source import LibavSource

    return LibavSource(address, audio=audio, network=network, media_dir=media_dir, settings=settings)
