"""Certificates of the demo's own: an authority, and what it signs. Good for this machine's loopback alone."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = timedelta(days=3650)
_LOOPBACK = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]


@dataclass(frozen=True)
class KeyPair:
    """Files of a certificate and its key, PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Certificates:
    """What both ends of the demo's mutual TLS need."""

    authority: Path
    server: KeyPair
    client: KeyPair


def keep_certificates(folder: Path) -> Certificates:
    """Those in `folder`; made there where one is missing. The authority's key is kept nowhere."""
    certificates = Certificates(
        folder / "ca.pem",
        KeyPair(folder / "server.pem", folder / "server-key.pem"),
        KeyPair(folder / "client.pem", folder / "client-key.pem"),
    )
    pairs = (certificates.server, certificates.client)
    if not all(
        path.exists() for pair in pairs for path in (certificates.authority, pair.certificate, pair.key)
    ):
        folder.mkdir(parents=True, exist_ok=True)
        _make(certificates)
    return certificates


def _make(certificates: Certificates) -> None:
    authority, authority_key = _name("Snowlight demo"), ec.generate_private_key(ec.SECP256R1())
    own = _begun(authority, authority, authority_key)
    own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    for pair, name, use in (
        (certificates.server, "localhost", ExtendedKeyUsageOID.SERVER_AUTH),
        (certificates.client, "demo bureau", ExtendedKeyUsageOID.CLIENT_AUTH),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        signed = (
            _begun(_name(name), authority, key)
            .add_extension(x509.SubjectAlternativeName(_LOOPBACK), critical=False)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .sign(authority_key, SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write(pair.key, private)
        _write(pair.certificate, signed.public_bytes(Encoding.PEM))
    _write(certificates.authority, own.sign(authority_key, SHA256()).public_bytes(Encoding.PEM))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
    )


def _write(file: Path, pem: bytes) -> None:
    with os.fdopen(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as output:
        output.write(pem)
