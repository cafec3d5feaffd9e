"""gRPC service `Clients`: systems and set-top boxes, for administration."""

from typing import Any

from services.auth.messages import to_timestamp
from services.auth.model import Actor
from services.auth.repository.certificates import KnownCertificate
from services.auth.repository.clients import Secret
from services.auth.sign_in.client_directory import ClientDirectory, KnownClient, check_certificates
from services.auth.validation import check_page_size, key_of_page_token, page_of
from snowlight.api.auth.v1 import client_pb2, client_pb2_grpc
from snowlight.rpc.caller import calling_service


class ClientsService(client_pb2_grpc.ClientsServicer):
    """Administers. Callers answer for who asked them."""

    def __init__(self, directory: ClientDirectory) -> None:
        self._directory = directory

    async def CreateClient(  # noqa: N802
        self, request: client_pb2.CreateClientRequest, context: Any
    ) -> client_pb2.CreateClientResponse:
        certificates = check_certificates(request.certificates, request.certificate_subject)
        client, secret = await self._directory.create(
            request.display_name, request.principal, certificates, _actor()
        )
        secrets = [Secret(b"", client.create_ms, None)] if secret else []
        shown = [
            KnownCertificate(client.client_id, fingerprint, certificates.ends_ms[fingerprint], None)
            for fingerprint in client.fingerprints
        ]
        return client_pb2.CreateClientResponse(
            client=_message(KnownClient(client, secrets, shown)), client_secret=secret
        )

    async def ListClients(  # noqa: N802
        self, request: client_pb2.ListClientsRequest, context: Any
    ) -> client_pb2.ListClientsResponse:
        size, after = check_page_size(request.page_size), key_of_page_token(request.page_token)
        found = await self._directory.page(after, size + 1)
        shown, token = page_of(found, size, lambda each: each.client.client_id)
        return client_pb2.ListClientsResponse(
            clients=[_message(client) for client in shown], next_page_token=token
        )

    async def RotateClientSecret(  # noqa: N802
        self, request: client_pb2.RotateClientSecretRequest, context: Any
    ) -> client_pb2.RotateClientSecretResponse:
        secret = await self._directory.rotate_secret(request.name, request.keep_old_s, _actor())
        return client_pb2.RotateClientSecretResponse(client_secret=secret)

    async def SetClientCertificates(  # noqa: N802
        self, request: client_pb2.SetClientCertificatesRequest, context: Any
    ) -> client_pb2.Client:
        certificates = check_certificates(request.certificates, request.certificate_subject)
        return _message(await self._directory.set_certificates(request.name, certificates, _actor()))

    async def DeleteClient(  # noqa: N802
        self, request: client_pb2.DeleteClientRequest, context: Any
    ) -> client_pb2.DeleteClientResponse:
        await self._directory.delete(request.name, _actor())
        return client_pb2.DeleteClientResponse()


def _actor() -> Actor:
    return Actor(principal=calling_service())


def _message(known: KnownClient) -> client_pb2.Client:
    client = known.client
    return client_pb2.Client(
        name=client.name,
        display_name=client.display_name,
        principal=f"principals/{client.principal_id}" if client.principal_id else "",
        certificate_fingerprints=client.fingerprints,
        certificate_subject=client.subject,
        create_time=to_timestamp(client.create_ms),
        secret_create_times=[to_timestamp(secret.create_ms) for secret in known.secrets],
        certificates=[_certificate(certificate) for certificate in known.certificates],
    )


def _certificate(known: KnownCertificate) -> client_pb2.ClientCertificate:
    shown_ms = known.show_ms
    return client_pb2.ClientCertificate(
        fingerprint=known.fingerprint,
        expire_time=to_timestamp(known.end_ms),
        show_time=None if shown_ms is None else to_timestamp(shown_ms),
    )
