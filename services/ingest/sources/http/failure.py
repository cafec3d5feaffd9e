"""What went wrong between us and a server, as a sentence."""

import ssl
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

from services.ingest.sources.source import SourceError

_SENTENCES: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((TimeoutError,), "camera.timeout", "the server fell silent"),
    ((ConnectionRefusedError,), "camera.unreachable", "the connection was refused"),
    (
        (RemoteDisconnected, IncompleteRead, ConnectionError, ssl.SSLEOFError),
        "camera.closed",
        "the server closed the connection",
    ),
    ((ssl.SSLError,), "camera.protocol_error", "what the server answers is not TLS as it is spoken here"),
    ((OSError,), "camera.unreachable", "there is no route to the server"),
    ((HTTPException, ValueError), "camera.protocol_error", "what the server answers is not HTTP"),
)


def explain(failure: Exception) -> SourceError:
    """The failure of a connection or of an answer; its own text may repeat the URL and is left out."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        return SourceError(
            "camera.certificate_untrusted", f"the server's certificate is refused: {failure.verify_message}"
        )
    return next(
        SourceError(code, sentence) for kinds, code, sentence in _SENTENCES if isinstance(failure, kinds)
    )


def refusal(status: int) -> SourceError:
    """An answer other than 2xx and 401 (RFC 9110, 15)."""
    if status == 403:
        return SourceError("camera.auth_failed", "403: this stream may not be seen")
    if status in (404, 410):
        return SourceError("camera.not_found", f"the server does not know this path ({status})")
    if 300 <= status < 400:
        return SourceError("camera.protocol_error", f"the server redirects ({status}), which is not followed")
    return SourceError("camera.protocol_error", f"the server answered {status}")
