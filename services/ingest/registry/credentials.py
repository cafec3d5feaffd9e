"""User and password of a source, sealed at rest."""

import json

from services.ingest.sources.address import Address
from services.ingest.sources.source import Credentials
from snowlight.errors import DataLossError
from snowlight.sealed import Sealed

KEY_PURPOSE = "source-credentials"
_DEFAULT_PORTS = {"rtsp": 554, "rtsp+udp": 554, "rtmp": 1935, "http": 80, "https": 443}


def same_endpoint(one: Address, other: Address) -> bool:
    """Whether both lead to the same host and port, so that credentials for one may go to the other."""
    return _endpoint(one) == _endpoint(other)


def _endpoint(address: Address) -> tuple[str, int]:
    return address.host.lower(), address.port or _DEFAULT_PORTS.get(address.scheme, 0)


class CredentialSealer:
    """What is sealed opens only for the same camera uid and the same field of it."""

    def __init__(self, key: bytes) -> None:
        self._sealing = Sealed(key)

    def seal(self, credentials: Credentials, uid: str, field: str) -> bytes:
        plain = json.dumps([credentials.user, credentials.password]).encode()
        return self._sealing.seal(plain, _bound_to(uid, field))

    def holds(self, sealed: bytes, credentials: Credentials, uid: str, field: str) -> bool:
        """They are these. False when they do not open."""
        try:
            return self.open(sealed, uid, field) == credentials
        except DataLossError:
            return False

    def open(self, sealed: bytes, uid: str, field: str) -> Credentials:
        """Raises DataLossError when the bytes were altered, belong elsewhere, or the cluster key changed."""
        try:
            plain = self._sealing.open(sealed, _bound_to(uid, field))
        except ValueError as error:
            raise DataLossError(
                "camera.credentials_sealed", f"the credentials of {uid} do not open with this cluster key"
            ) from error
        user, password = json.loads(plain)
        return Credentials(user, password)


def _bound_to(uid: str, field: str) -> bytes:
    return f"{uid}/{field}".encode()
