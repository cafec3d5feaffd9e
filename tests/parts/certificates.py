"""Certificates that tests make: an authority, and what it signs."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtensionOID, NameOID

from snowlight.config import TlsSettings

DAY = timedelta(days=1)
NOTHING_THAT_PARSES = b"\x30\x84\xff\xff\xff\xff"


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, in PEM."""

    certificate: bytes
    key: bytes

    @property
    def serial(self) -> int:
        """The certificate's number."""
        return x509.load_pem_x509_certificate(self.certificate).serial_number

    def write(self, folder: Path, authority: bytes) -> TlsSettings:
        """Put it into `folder`, over what was there, with whom it trusts. Returns the settings."""
        folder.mkdir(parents=True, exist_ok=True)
        files = {"certificate": self.certificate, "key": self.key, "ca": authority}
        for name, pem in files.items():
            (folder / f"{name}.pem.new").write_bytes(pem)
            (folder / f"{name}.pem.new").rename(folder / f"{name}.pem")
        return TlsSettings(
            certificate=folder / "certificate.pem", key=folder / "key.pem", ca=folder / "ca.pem"
        )


def environment(tls: TlsSettings) -> dict[str, str]:
    """How a process is told of its files."""
    return {f"SNOWLIGHT_TLS_{name.upper()}": str(path) for name, path in tls}


class Authority:
    """A certificate authority of a test's own."""

    def __init__(self, name: str = "Snowlight tests") -> None:
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        certificate = (
            _builder(self._name, self._name, self._key, DAY)
            .add_extension(constraints, critical=True)
            .sign(self._key, SHA256())
        )
        self.pem = certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """What it signs with."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def issue(
        self,
        *names: str,
        lifetime: timedelta = DAY,
        own_signature: bool = False,
        malformed_names: bool = False,
    ) -> Issued:
        """A certificate for 127.0.0.1 and `names`, DNS names or URIs. A negative `lifetime` is over already.

        `own_signature`: signed by itself. `malformed_names`: its alternative names are not as X.509 has them.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a service")])
        builder = _builder(subject, subject if own_signature else self._name, key, lifetime)
        if malformed_names:
            oid = ExtensionOID.SUBJECT_ALTERNATIVE_NAME
            builder = builder.add_extension(
                x509.UnrecognizedExtension(oid, NOTHING_THAT_PARSES), critical=False
            )
        else:
            builder = builder.add_extension(_names(names), critical=False)
        certificate = builder.sign(key if own_signature else self._key, SHA256())
        return Issued(
            certificate.public_bytes(Encoding.PEM),
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, lifetime: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * DAY)
        .not_valid_after(now + lifetime)
    )


def _names(names: Sequence[str]) -> x509.SubjectAlternativeName:
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    others = [x509.UniformResourceIdentifier(name) if "://" in name else x509.DNSName(name) for name in names]
    return x509.SubjectAlternativeName([loopback, *others])
