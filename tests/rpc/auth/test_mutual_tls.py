"""A system that calls auth itself is known by the certificate of its connection (RFC 8705)."""

import datetime
from dataclasses import replace
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc, client_pb2
from snowlight.config import TlsSettings
from tests.parts.clock import MovableClock
from tests.rpc.auth.cluster import auth_of, runtime_for
from tests.rpc.auth.registry import Registry


class Authority:
    """A certificate authority of one test."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._issue("CN=authority", self._key, is_authority=True)

    def issue(self, subject: str) -> tuple[bytes, bytes]:
        """Certificate and key, PEM, for a name on loopback."""
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return self._issue(subject, key, is_authority=False), private

    def _issue(self, subject: str, key: ec.EllipticCurvePrivateKey, *, is_authority: bool) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name.from_rfc4514_string(subject))
            .issuer_name(x509.Name.from_rfc4514_string("CN=authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(self._key, SHA256())
        )
        return made.public_bytes(Encoding.PEM)


async def test_the_connections_certificate_proves_a_system_and_a_told_one_does_not(tmp_path: Path) -> None:
    authority = Authority()
    own_certificate, own_key = authority.issue("CN=auth")
    tls = TlsSettings(
        certificate=_written(tmp_path / "certificate.pem", own_certificate),
        key=_written(tmp_path / "key.pem", own_key),
        ca=_written(tmp_path / "ca.pem", authority.certificate),
    )
    runtime = runtime_for(tmp_path, MovableClock())
    address = runtime.cluster.auth_address.replace("127.0.0.1", "localhost")
    cluster = runtime.cluster.model_copy(update={"auth_address": address})
    runtime = replace(runtime, cluster=cluster, tls=tls)
    database_url = f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    platform, stranger = authority.issue("CN=platform,O=City"), authority.issue("CN=road,O=City")

    async with auth_of(runtime, Registry(), database_url) as auth:  # type: ignore[abstract]
        await auth.add_region("371326", auth_pb2.COUNTY)
        principal = await auth.add_system_principal("platform", "371326")
        made = await auth.clients.CreateClient(
            client_pb2.CreateClientRequest(
                display_name="platform", principal=principal.name, certificates=[platform[0]]
            )
        )
        client_id = made.client.name.removeprefix("clients/")

        async def sign_in(pair: tuple[bytes, bytes], told: bytes = b"") -> str:
            credentials = grpc.ssl_channel_credentials(authority.certificate, pair[1], pair[0])
            async with grpc.aio.secure_channel(address, credentials) as channel:
                stub: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(channel)
                client = auth_pb2.ClientCredentials(client_id=client_id, certificate=told)
                request = auth_pb2.IssueTokenRequest(grant_type="client_credentials", client=client)
                return (await stub.IssueToken(request)).access_token

        claims = await auth.verifier.access_token(await sign_in(platform))
        assert (claims.principal, claims.client_id) == (principal.name, client_id)
        der = x509.load_pem_x509_certificate(platform[0]).public_bytes(Encoding.DER)
        for told in (b"", der):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await sign_in(stranger, told)
            assert raised.value.code() is grpc.StatusCode.UNAUTHENTICATED


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
