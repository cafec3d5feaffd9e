"""A variant as multivariant playlists list it (RFC 8216bis section 4.4.6.2)."""

from collections.abc import Sequence


def stream_inf(
    uri: str,
    bandwidth: Sequence[str],
    codecs: str,
    size: tuple[int, int] = (0, 0),
    frames_per_second: float = 0,
) -> list[str]:
    """The tag and the URI. `bandwidth`: its attributes; `size`, `frames_per_second`: 0 if unknown."""
    attributes = [*bandwidth, f'CODECS="{codecs}"']
    width, height = size
    if width and height:
        attributes.append(f"RESOLUTION={width}x{height}")
    if frames_per_second:
        attributes.append(f"FRAME-RATE={frames_per_second:.3f}")
    return [f"#EXT-X-STREAM-INF:{','.join(attributes)}", uri]
