"""From a camera's URL to the source that speaks its protocol."""

from dataclasses import replace
from pathlib import Path

from services.ingest.sources.address import parse_address
from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.rtsp.client.delivery import Datagrams, Interleaved
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.rtsp.client.source import RtspSource
from services.ingest.sources.source import Credentials, Source, SourceError, SourceSettings

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
        from services.ingest.sources.libav.source import LibavSource  # 17 MB, in 55 ms

        return LibavSource(address, audio=audio, network=network, media_dir=media_dir, settings=settings)
    raise SourceError("camera.protocol_unsupported", f"{address.scheme[:16] or 'no scheme'} is not carried")
