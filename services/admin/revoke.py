"""The subcommand that takes something away."""

import argparse

from services.admin.camera import camera_uid
from services.admin.directory import DirectoryClient
from services.admin.peers import AUTH
from services.admin.printing import print_json
from snowlight.api.auth.v1 import revocation_pb2, revocation_pb2_grpc
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

TIMEOUT_S = 30.0
KINDS = ("session", "principal", "camera", "grant", "ticket", "certificate")


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the subcommand."""
    parser = commands.add_parser(
        "revoke",
        help="end a session, a ticket, all that a principal or a camera has tickets for, or rests on a grant "
        "or a certificate",
        description="Ends within two seconds whatever is being watched. It takes no right away for the "
        "future: who may watch a camera gets a new ticket for it. Only a certificate is revoked for good: "
        "it proves nobody any more.",
    )
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument(
        "id",
        help="an id as the audit tells it; of a principal principals/ID or the user name, of a camera "
        "cameras/ID or the uid, of a certificate its SHA-256 fingerprint",
    )
    parser.add_argument("--by", required=True, help="who ordered it, for the audit")
    parser.add_argument("--reason", required=True, help="for the audit")
    parser.set_defaults(run=run)


async def run(runtime: Runtime, options: argparse.Namespace) -> None:
    """Carry it out."""
    kind = revocation_pb2.RevocationKind.Value(options.kind.upper())
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        subject = options.id
        if kind == revocation_pb2.CAMERA:
            subject = await camera_uid(runtime, subject)
        elif kind == revocation_pb2.PRINCIPAL:
            subject = (await DirectoryClient(channel).require_principal(subject)).name
        stub: revocation_pb2_grpc.RevocationsAsyncStub = revocation_pb2_grpc.RevocationsStub(channel)
        request = revocation_pb2.RevokeRequest(
            kind=kind, subject=subject, reason=options.reason, ordered_by=options.by
        )
        with remote_errors(AUTH):
            print_json(await stub.Revoke(request, timeout=TIMEOUT_S))
