"""Systems sign in by a secret or a certificate, and name for whom they act."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from snowlight.api.auth.v1 import auth_pb2, client_pb2
from snowlight.errors import (
    AlreadyExistsError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    SnowlightError,
    UnauthenticatedError,
)
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.cluster import Auth

COUNTY = "371326"
OFFICER = {"acting_person": "警号 031877", "acting_unit": "城关派出所", "acting_reason": "case 2026-118"}


@pytest.fixture
async def system(auth: Auth) -> client_pb2.CreateClientResponse:
    await auth.add_region(COUNTY, auth_pb2.COUNTY)
    return await auth.add_system("police-platform", COUNTY)


def identified(client_id: str, secret: str = "", certificate: bytes = b"") -> auth_pb2.ClientCredentials:
    return auth_pb2.ClientCredentials(
        client_id=client_id.removeprefix("clients/"), client_secret=secret, certificate=certificate
    )


async def sign_in(
    auth: Auth, client: auth_pb2.ClientCredentials, **acting: str
) -> auth_pb2.IssueTokenResponse:
    request = auth_pb2.IssueTokenRequest(grant_type="client_credentials", client=client, **acting)
    with remote_errors("services/auth"):
        return await auth.tokens.IssueToken(request)


async def refused(auth: Auth, client: auth_pb2.ClientCredentials) -> bool:
    try:
        await sign_in(auth, client)
    except UnauthenticatedError as error:
        assert str(error) == "auth.invalid_client: the client's id, secret or certificate is wrong"
        return True
    return False


async def test_a_systems_token_says_who_it_is_and_for_whom_it_acts(
    auth: Auth, system: client_pb2.CreateClientResponse
) -> None:
    shown = identified(system.client.name, system.client_secret)
    answer = await sign_in(auth, shown, **OFFICER)
    assert (answer.refresh_token, answer.expires_in) == ("", 600)
    claims = await auth.verifier.access_claims(answer.access_token)
    assert claims["act"] == {"sub": "警号 031877", "unit": "城关派出所", "reason": "case 2026-118"}
    assert (claims["line"], claims["roles"], claims["tier"]) == ("police", ["viewer"], 3)
    assert (claims["region"], claims["client_id"]) == (f"regions/{COUNTY}", shown.client_id)
    caller = await auth.verifier.access_token(answer.access_token)
    assert (caller.acting_person, caller.acting_unit, caller.acting_reason) == tuple(OFFICER.values())
    assert caller.session_id == claims["sid"]

    plain = await auth.verifier.access_token((await sign_in(auth, shown)).access_token)
    assert (plain.principal, plain.acting_person) == (system.client.principal, "")


async def test_an_acting_person_is_named_whole_or_not_at_all(
    auth: Auth, system: client_pb2.CreateClientResponse
) -> None:
    shown = identified(system.client.name, system.client_secret)
    for missing in OFFICER:
        with pytest.raises(InvalidArgumentError) as raised:
            await sign_in(auth, shown, **{name: value for name, value in OFFICER.items() if name != missing})
        assert raised.value.field == missing
    with pytest.raises(InvalidArgumentError) as raised:
        await sign_in(auth, shown, **(OFFICER | {"acting_reason": "x" * 201}))
    assert raised.value.field == "acting_reason"


async def test_the_longest_acting_person_still_fits_into_a_token(
    auth: Auth, system: client_pb2.CreateClientResponse
) -> None:
    longest = {"acting_person": "警" * 64, "acting_unit": "所" * 100, "acting_reason": "案" * 200}
    answer = await sign_in(auth, identified(system.client.name, system.client_secret), **longest)
    assert (await auth.verifier.access_token(answer.access_token)).acting_reason == "案" * 200


async def test_a_wrong_secret_an_unknown_client_and_a_password_open_nothing(
    auth: Auth, system: client_pb2.CreateClientResponse
) -> None:
    other = await auth.add_system("road-platform", COUNTY)
    for shown in (
        identified(system.client.name, "wrong"),
        identified(system.client.name),
        identified(system.client.name, other.client_secret),
        identified("clients/nobody", system.client_secret),
    ):
        assert await refused(auth, shown)
    with pytest.raises(UnauthenticatedError, match=r"auth\.invalid_grant"), remote_errors("services/auth"):
        await auth.sign_in("police-platform")
    person = await auth.add_person("zhang.wei", auth_pb2.VIEWER, scope=COUNTY)
    with pytest.raises(InvalidArgumentError, match="must be a system"), remote_errors("services/auth"):
        await auth.clients.CreateClient(
            client_pb2.CreateClientRequest(display_name="x", principal=person.name)
        )


async def test_two_secrets_are_valid_while_one_follows_the_other(
    auth: Auth, system: client_pb2.CreateClientResponse
) -> None:
    name, first = system.client.name, system.client_secret

    async def rotate(keep_old_s: int) -> str:
        request = client_pb2.RotateClientSecretRequest(name=name, keep_old_s=keep_old_s)
        return (await auth.clients.RotateClientSecret(request)).client_secret

    second = await rotate(3600)
    for secret in (first, second):
        assert not await refused(auth, identified(name, secret))
    auth.clock.ahead_s = 3601
    assert await refused(auth, identified(name, first))
    third = await rotate(3600)
    fourth = await rotate(3600)
    valid = [
        secret
        for secret in (first, second, third, fourth)
        if not await refused(auth, identified(name, secret))
    ]
    assert valid == [third, fourth]
    fifth = await rotate(0)
    assert await refused(auth, identified(name, fourth))
    assert not await refused(auth, identified(name, fifth))


async def test_changes_of_clients_are_on_record_and_hold_no_secret(
    auth: Auth, system: client_pb2.CreateClientResponse
) -> None:
    await auth.clients.RotateClientSecret(client_pb2.RotateClientSecretRequest(name=system.client.name))
    await auth.clients.DeleteClient(client_pb2.DeleteClientRequest(name=system.client.name))
    records = [record for record in await auth.audit("change") if record.action.startswith("client.")]
    assert [record.action for record in records] == ["client.delete", "client.rotate_secret", "client.create"]
    for record in records:
        assert (record.event, record.principal) == ("change", "services/admin")
        assert system.client.name in record.detail
        assert system.client_secret not in str(record)


async def test_a_deleted_or_disabled_system_is_out(
    auth: Auth, system: client_pb2.CreateClientResponse
) -> None:
    shown = identified(system.client.name, system.client_secret)
    token = (await sign_in(auth, shown)).access_token
    await auth.clients.DeleteClient(client_pb2.DeleteClientRequest(name=system.client.name))
    assert await refused(auth, shown)
    answer = await auth.tokens.IntrospectToken(auth_pb2.IntrospectTokenRequest(token=token))
    assert not answer.active
    with pytest.raises(NotFoundError), remote_errors("services/auth"):
        await auth.clients.DeleteClient(client_pb2.DeleteClientRequest(name=system.client.name))

    principal = await auth.add_system_principal("gone", COUNTY, disabled=True)
    disabled = await auth.clients.CreateClient(
        client_pb2.CreateClientRequest(display_name="gone", principal=principal.name)
    )
    assert await refused(auth, identified(disabled.client.name, disabled.client_secret))


async def test_a_certificate_proves_a_system_by_itself_or_by_its_subject(
    auth: Auth, system: client_pb2.CreateClientResponse
) -> None:
    own, other = certificate("CN=platform,O=City"), certificate("CN=platform,O=City")
    name = system.client.name

    async def register(*certificates: bytes, subject: str = "") -> client_pb2.Client:
        return await auth.clients.SetClientCertificates(
            client_pb2.SetClientCertificatesRequest(
                name=name, certificates=certificates, certificate_subject=subject
            )
        )

    assert await refused(auth, identified(name, certificate=own))
    await register(own)
    assert not await refused(auth, identified(name, certificate=own))
    assert await refused(auth, identified(name, certificate=other))
    client = await register(subject="CN=platform, O=City".replace(", ", ","))
    assert client.certificate_subject == "CN=platform,O=City"
    assert not await refused(auth, identified(name, certificate=other))
    assert await refused(auth, identified(name, certificate=certificate("CN=other,O=City")))
    auth.clock.ahead_s = 10 * 86_400
    assert await refused(auth, identified(name, certificate=other)), "it has expired"


def certificate(subject: str) -> bytes:
    """A certificate of its own, for two days, DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name.from_rfc4514_string(subject)
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.DER)


Request = Callable[[Auth, str], Any]
WRONG: list[tuple[Request, type[SnowlightError], str]] = [
    (
        lambda auth, _: auth.clients.CreateClient(client_pb2.CreateClientRequest()),
        InvalidArgumentError,
        "display_name",
    ),
    (
        lambda auth, _: auth.clients.CreateClient(
            client_pb2.CreateClientRequest(display_name="x", principal="principals/nobody")
        ),
        NotFoundError,
        "principal",
    ),
    (
        lambda auth, principal: auth.clients.CreateClient(
            client_pb2.CreateClientRequest(display_name="x", principal=principal)
        ),
        AlreadyExistsError,
        "principal",
    ),
    (
        lambda auth, _: auth.clients.CreateClient(
            client_pb2.CreateClientRequest(display_name="x", certificates=[b"\x30\x03abc"])
        ),
        InvalidArgumentError,
        "certificates",
    ),
    (
        lambda auth, _: auth.clients.CreateClient(
            client_pb2.CreateClientRequest(display_name="x", certificate_subject="no name")
        ),
        InvalidArgumentError,
        "certificate_subject",
    ),
    (
        lambda auth, _: auth.clients.RotateClientSecret(
            client_pb2.RotateClientSecretRequest(name="clients/x", keep_old_s=-1)
        ),
        InvalidArgumentError,
        "keep_old_s",
    ),
    (
        lambda auth, _: auth.clients.RotateClientSecret(client_pb2.RotateClientSecretRequest(name="x")),
        InvalidArgumentError,
        "name",
    ),
]


async def test_wrong_requests_are_told_which_field(
    auth: Auth, system: client_pb2.CreateClientResponse
) -> None:
    for request, error, field in WRONG:
        with pytest.raises(error) as raised, remote_errors("services/auth"):
            await request(auth, system.client.principal)
        assert raised.value.field == field


async def test_a_set_top_box_has_no_secret_and_cannot_sign_in_by_itself(
    auth: Auth, system: client_pb2.CreateClientResponse
) -> None:
    box = await auth.clients.CreateClient(client_pb2.CreateClientRequest(display_name="box"))
    assert box.client_secret == ""
    assert await refused(auth, identified(box.client.name))
    with pytest.raises(FailedPreconditionError, match=r"auth\.client_public"), remote_errors("services/auth"):
        await auth.clients.RotateClientSecret(
            client_pb2.RotateClientSecretRequest(name=box.client.name, keep_old_s=0)
        )
    listed = await auth.clients.ListClients(client_pb2.ListClientsRequest())
    assert {client.name for client in listed.clients} == {system.client.name, box.client.name}
