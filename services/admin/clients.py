"""Subcommands about clients: systems that sign in by themselves, and models of set-top boxes."""

import argparse
from pathlib import Path

from services.admin.directory import PAGE_SIZE, TIMEOUT_S, DirectoryClient
from services.admin.paging import pages
from services.admin.peers import AUTH
from services.admin.printing import print_json, print_line
from snowlight.api.auth.v1 import client_pb2, client_pb2_grpc
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

MAX_CERTIFICATE_BYTES = 64 * 1024


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the subcommands."""
    creation = commands.add_parser("create-client", help="let a system, or a model of set-top boxes, sign in")
    creation.add_argument("--display-name", required=True)
    whose = creation.add_mutually_exclusive_group(required=True)
    whose.add_argument("--username", help="the system whose client it is")
    whose.add_argument("--set-top-box", action="store_true", help="people let its boxes in by a code")
    _add_certificates(creation)
    commands.add_parser("list-clients", help="one JSON object a line")
    secret = commands.add_parser("rotate-client-secret", help="give a system a further secret")
    secret.add_argument("name", help="clients/ID")
    secret.add_argument(
        "--keep-old-hours", type=float, default=24.0, help="how long the last one goes on, default 24"
    )
    certificates = commands.add_parser("set-client-certificates", help="replace what certificates prove it")
    certificates.add_argument("name", help="clients/ID")
    _add_certificates(certificates)
    deletion = commands.add_parser("delete-client", help="forget a client and end its sessions")
    deletion.add_argument("name", help="clients/ID")
    for parser in (creation, secret, certificates, deletion, commands.choices["list-clients"]):
        parser.set_defaults(run=run)


async def run(runtime: Runtime, options: argparse.Namespace) -> None:
    """Carry out one of them."""
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        stub: client_pb2_grpc.ClientsAsyncStub = client_pb2_grpc.ClientsStub(channel)
        match options.command:
            case "create-client":
                await _create(stub, DirectoryClient(channel), options)
            case "list-clients":
                await _list(stub)
            case "rotate-client-secret":
                rotation = client_pb2.RotateClientSecretRequest(
                    name=options.name, keep_old_s=round(options.keep_old_hours * 3600)
                )
                with remote_errors(AUTH):
                    answer = await stub.RotateClientSecret(rotation, timeout=TIMEOUT_S)
                print_line(f"secret: {answer.client_secret}")
            case "set-client-certificates":
                change = client_pb2.SetClientCertificatesRequest(
                    name=options.name,
                    certificates=[_read(file) for file in options.certificate],
                    certificate_subject=options.subject,
                )
                with remote_errors(AUTH):
                    print_json(await stub.SetClientCertificates(change, timeout=TIMEOUT_S))
            case "delete-client":
                with remote_errors(AUTH):
                    await stub.DeleteClient(
                        client_pb2.DeleteClientRequest(name=options.name), timeout=TIMEOUT_S
                    )


async def _create(
    stub: "client_pb2_grpc.ClientsAsyncStub", directory: DirectoryClient, options: argparse.Namespace
) -> None:
    principal = (await directory.require_principal(options.username)).name if options.username else ""
    creation = client_pb2.CreateClientRequest(
        display_name=options.display_name,
        principal=principal,
        certificates=[_read(file) for file in options.certificate],
        certificate_subject=options.subject,
    )
    with remote_errors(AUTH):
        answer = await stub.CreateClient(creation, timeout=TIMEOUT_S)
    print_line(answer.client.name)
    if answer.client_secret:
        print_line(f"secret: {answer.client_secret}")


async def _list(stub: "client_pb2_grpc.ClientsAsyncStub") -> None:
    request = client_pb2.ListClientsRequest(page_size=PAGE_SIZE)
    async for page in pages(AUTH, stub.ListClients, request, TIMEOUT_S):
        for client in page.clients:
            print_json(client)


def _add_certificates(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--certificate", type=Path, action="append", default=[], help="PEM or DER; may be repeated"
    )
    parser.add_argument("--subject", default="", help="all certificates of it: CN=platform,O=City")


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_CERTIFICATE_BYTES)
    except OSError as error:
        raise InvalidArgumentError(
            "admin.certificate_file", f"{file} cannot be read", field="certificate"
        ) from error
