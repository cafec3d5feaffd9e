"""An authority of a test's own, and servers that it vouches for."""

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class Authority:
    """`path` is its certificate in PEM, which a client has to trust."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = generate_private_key(SECP256R1())
        self._name = _name("Authority of a test")
        self.path = folder / "authority.pem"
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        own = self._sign(self._name, self._key, constraints, critical=True)
        self.path.write_bytes(own.public_bytes(Encoding.PEM))

    def server(self, name: str) -> ssl.SSLContext:
        """TLS of a server called `name`, which may be an address."""
        key = generate_private_key(SECP256R1())
        try:
            called: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            called = x509.DNSName(name)
        certificate = self._sign(_name(name), key, x509.SubjectAlternativeName([called]), critical=False)
        path = self._folder / f"{name}.pem"
        path.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + certificate.public_bytes(Encoding.PEM)
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context

    def _sign(
        self,
        subject: x509.Name,
        key: EllipticCurvePrivateKey,
        extension: x509.ExtensionType,
        *,
        critical: bool,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(extension, critical)
            .sign(self._key, SHA256())
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
