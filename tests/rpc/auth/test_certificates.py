"""A client's certificate that is dropped or revoked ends what began with it, and its end is told in time."""

import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from services.auth.app import MIGRATIONS
from services.auth.sign_in.certificate_ends import CertificateEnds
from services.auth.sign_in.certificates import read_certificate
from snowlight.api.auth.v1 import auth_pb2, client_pb2, revocation_pb2, revocation_pb2_grpc
from snowlight.database import open_database
from snowlight.errors import FailedPreconditionError, InvalidArgumentError, UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.parts.callers import permitted_channel
from tests.parts.certificates import Authority, Issued
from tests.rpc.auth.cluster import Auth

COUNTY = "371326"
AUTHORITY = Authority("Public security")
SUBJECT = "CN=a service"
DAY_S = 86_400
METRIC = "snowlight_auth_client_certificate_end_seconds"


@pytest.fixture
async def name(auth: Auth) -> str:
    """A system's client."""
    await auth.add_region(COUNTY, auth_pb2.COUNTY)
    return (await auth.add_system("police-platform", COUNTY)).client.name


async def register(auth: Auth, name: str, *shown: Issued, subject: str = "") -> client_pb2.Client:
    request = client_pb2.SetClientCertificatesRequest(
        name=name, certificates=[one.certificate for one in shown], certificate_subject=subject
    )
    with remote_errors("services/auth"):
        return await auth.clients.SetClientCertificates(request)


async def sign_in(auth: Auth, shown: Issued) -> str:
    """An access token, by the certificate alone."""
    credentials = auth_pb2.ClientCredentials(certificate=shown.certificate)
    with remote_errors("services/auth"):
        answer = await auth.tokens.IssueToken(
            auth_pb2.IssueTokenRequest(grant_type="client_credentials", client=credentials)
        )
    return answer.access_token


async def is_active(auth: Auth, token: str) -> bool:
    return (await auth.tokens.IntrospectToken(auth_pb2.IntrospectTokenRequest(token=token))).active


async def revoke(auth: Auth, fingerprint: str) -> revocation_pb2.Revocation:
    request = revocation_pb2.RevokeRequest(
        kind=revocation_pb2.CERTIFICATE, subject=fingerprint, reason="stolen", ordered_by="the bureau"
    )
    async with permitted_channel(auth.runtime, auth.runtime.cluster.auth_address) as channel:
        stub: revocation_pb2_grpc.RevocationsAsyncStub = revocation_pb2_grpc.RevocationsStub(channel)
        with remote_errors("services/auth"):
            return await stub.Revoke(request)


def fingerprint_of(issued: Issued) -> str:
    return read_certificate(issued.certificate, "").fingerprint


async def test_a_certificate_that_is_dropped_ends_its_sessions_and_its_successors_go_on(
    auth: Auth, name: str
) -> None:
    old, new = AUTHORITY.issue(), AUTHORITY.issue()
    await register(auth, name, old, new)
    by_old, by_new = await sign_in(auth, old), await sign_in(auth, new)
    await register(auth, name, new)
    assert (await is_active(auth, by_old), await is_active(auth, by_new)) == (False, True)
    with pytest.raises(UnauthenticatedError):
        await sign_in(auth, old)


@pytest.mark.parametrize("subject", ["", SUBJECT])
async def test_a_revoked_certificate_proves_nobody_however_its_client_is_known(
    auth: Auth, name: str, subject: str
) -> None:
    stolen, other = AUTHORITY.issue(), AUTHORITY.issue()
    await register(auth, name, *(() if subject else (stolen, other)), subject=subject)
    by_stolen, by_other = await sign_in(auth, stolen), await sign_in(auth, other)
    spelled = x509.load_pem_x509_certificate(stolen.certificate).fingerprint(SHA256()).hex(":").upper()
    assert (await revoke(auth, spelled)).subject == fingerprint_of(stolen)
    assert (await is_active(auth, by_stolen), await is_active(auth, by_other)) == (False, True)
    with pytest.raises(UnauthenticatedError):
        await sign_in(auth, stolen)
    await sign_in(auth, other)
    with pytest.raises(FailedPreconditionError) as refused:
        await register(auth, name, stolen)
    assert (refused.value.code, refused.value.field) == ("auth.certificate_revoked", "certificates")
    (record,) = [record for record in await auth.audit("change") if record.action == "revoke"]
    assert (record.acting_person, record.purpose) == ("the bureau", "stolen")
    assert fingerprint_of(stolen) in record.detail


@pytest.mark.parametrize("fingerprint", ["", "3a:7f", "x" * 64])
async def test_what_is_no_fingerprint_is_refused_by_name(auth: Auth, fingerprint: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        await revoke(auth, fingerprint)
    assert refused.value.field == "subject"


async def test_a_client_tells_when_its_certificates_end_and_were_shown(auth: Auth, name: str) -> None:
    shown, unused = AUTHORITY.issue(), AUTHORITY.issue()
    await register(auth, name, shown, unused)
    await sign_in(auth, shown)
    (client,) = (await auth.clients.ListClients(client_pb2.ListClientsRequest())).clients
    told = {one.fingerprint: one for one in client.certificates}
    assert set(told) == {fingerprint_of(shown), fingerprint_of(unused)}
    assert told[fingerprint_of(shown)].HasField("show_time")
    assert not told[fingerprint_of(unused)].HasField("show_time")
    end = x509.load_pem_x509_certificate(shown.certificate).not_valid_after_utc
    assert told[fingerprint_of(shown)].expire_time.ToDatetime(datetime.UTC) == end


async def test_the_first_end_of_a_client_is_told_and_logged_once_a_day(
    auth: Auth, name: str, database_url: str
) -> None:
    short, long = (AUTHORITY.issue(lifetime=datetime.timedelta(days=days)) for days in (40, 400))
    await register(auth, name, short, long)
    async with open_database(database_url, service="auth", migrations=MIGRATIONS) as database:
        registry = CollectorRegistry()
        ends = CertificateEnds(database, auth.clock, registry)

        def told() -> Any:
            return registry.get_sample_value(
                "snowlight_auth_client_certificate_end_seconds", {"client": name}
            )

        async def logged() -> list[Any]:
            with capture_logs() as entries:
                await ends.look()
            return [entry["client"] for entry in entries if entry["event"] == "certificate.ends_soon"]

        def end_of(issued: Issued) -> float:
            return x509.load_pem_x509_certificate(issued.certificate).not_valid_after_utc.timestamp()

        assert await logged() == []
        assert told() == end_of(short)
        auth.clock.ahead_s = 11 * DAY_S
        assert await logged() == [name]
        assert await logged() == []
        auth.clock.ahead_s += DAY_S
        assert await logged() == [name]
        await register(auth, name, long)
        await ends.look()
        assert told() == end_of(long)
        await auth.clients.DeleteClient(client_pb2.DeleteClientRequest(name=name))
        await ends.look()
        assert told() is None
