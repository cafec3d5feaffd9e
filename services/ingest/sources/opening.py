"""From a camera's URL to the source that speaks its protocol."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from services.ingest.sources.address import parse_address
from services.ingest.sources.rtsp.client.source import RtspSource
from services.ingest.sources.source import Credentials, IPNetwork, Source, SourceError, SourceSettings

_PATIENT = SourceSettings()


def open_source(
    url: str,
    credentials: Credentials | None,
    *,
    audio: bool,
    networks: Sequence[IPNetwork],
    media_dir: Path | None,
    settings: SourceSettings = _PATIENT,
) -> Source:
    """The source for `url`; nothing is connected or opened before its `run`.

    `credentials` go before those in the URL. `audio`: whether the sound is wanted. `networks`: where ingest
    may connect to. `media_dir`: the only folder whose files may be played; None for none.
    Raises SourceError camera.protocol_unsupported or camera.protocol_error for a URL that cannot be played.
    """
    address = parse_address(url)
    if credentials is not None:
        address = replace(address, credentials=credentials)
    if address.scheme == "rtsp":
        return RtspSource(address, audio=audio, networks=networks, settings=settings)
    raise SourceError("camera.protocol_unsupported", f"{address.scheme or 'no scheme'} is not carried")
