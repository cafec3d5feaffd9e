"""The PEM files of mutual TLS, read again once they are renewed on disk."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from snowlight.config import TlsSettings
from snowlight.errors import FailedPreconditionError

log = structlog.get_logger(__name__)

_Fingerprint = tuple[tuple[int, int, int], ...]
_NEVER: _Fingerprint = ()


@dataclass(frozen=True)
class Certificates:
    """What one handshake is made with, in PEM."""

    certificate: bytes
    key: bytes
    ca: bytes


class CertificateFiles:
    """The three files of `TlsSettings`. Callable from any thread: gRPC asks from its own."""

    def __init__(self, certificate: Path, key: Path, ca: Path) -> None:
        """Raises FailedPreconditionError("config.tls") when they cannot be used."""
        self._certificate, self._key, self._ca = certificate, key, ca
        self._lock = threading.Lock()
        self._seen = self._fingerprint()
        self._current = self._told = self._read()

    def current(self) -> Certificates:
        """What the files hold now; what they held before while they cannot be used, as in the middle of a
        renewal that replaces one after the other."""
        with self._lock:
            try:
                seen = self._fingerprint()
            except FailedPreconditionError:
                seen = _NEVER
            if seen != self._seen:
                self._seen = seen
                self._renew()
            return self._current

    def renewed(self) -> Certificates | None:
        """What they hold now, once it is other than before; None while it is the same."""
        current = self.current()
        with self._lock:
            if current is self._told:
                return None
            self._told = current
            return current

    def _renew(self) -> None:
        try:
            self._current = self._read()
        except FailedPreconditionError as error:
            log.warning("tls.not_renewed", reason=error.detail)
        else:
            log.info("tls.renewed", certificate=str(self._certificate))

    def _fingerprint(self) -> _Fingerprint:
        found = []
        for path in (self._certificate, self._key, self._ca):
            try:
                status = path.stat()
            except OSError as error:
                raise _unusable(path, error.strerror or "cannot be read") from error
            found.append((status.st_mtime_ns, status.st_size, status.st_ino))
        return tuple(found)

    def _read(self) -> Certificates:
        read = Certificates(_bytes(self._certificate), _bytes(self._key), _bytes(self._ca))
        own = _first_certificate(self._certificate, read.certificate)
        _first_certificate(self._ca, read.ca)
        try:
            key = load_pem_private_key(read.key, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise _unusable(self._key, "is not an unencrypted private key in PEM") from error
        if _public(key.public_key()) != _public(own.public_key()):
            raise _unusable(self._key, f"is not the key of {self._certificate}")
        return read


def certificate_files(tls: TlsSettings) -> CertificateFiles | None:
    """The files that the settings name; None without TLS. Raises FailedPreconditionError("config.tls")."""
    if tls.certificate is None or tls.key is None or tls.ca is None:
        return None  # the settings see to it that none of them is set then
    return CertificateFiles(tls.certificate, tls.key, tls.ca)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unusable(path, error.strerror or "cannot be read") from error


def _first_certificate(path: Path, pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(pem)[0]
    except ValueError as error:
        raise _unusable(path, "holds no certificate in PEM") from error


def _public(key: object) -> bytes:
    encoded: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined]
    return encoded


def _unusable(path: Path, why: str) -> FailedPreconditionError:
    return FailedPreconditionError("config.tls", f"{path} {why}")
