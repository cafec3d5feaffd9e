"""What transport streams carry here: H.264, and AAC where there is sound."""

from snowlight.errors import FailedPreconditionError

_NAMES = {"hvc1": "H.265", "hev1": "H.265"}


def is_carried(codecs: str) -> bool:
    """Whether pictures of these `codecs` (RFC 6381, video first) can be had as a transport stream."""
    return codecs.startswith(("avc1.", "avc3."))


def require_carried(codecs: str, instead: str) -> None:
    """Raises FailedPreconditionError("ts.codec_unsupported"), which names the playlist to use `instead`."""
    if not is_carried(codecs):
        kind = codecs.partition(".")[0]
        raise FailedPreconditionError(
            "ts.codec_unsupported",
            f"this footage is {_NAMES.get(kind, kind)}; transport streams are H.264 only: use {instead}",
        )
