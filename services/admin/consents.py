"""Subcommands about consents and grants."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from services.admin.camera import camera_uid
from services.admin.consents_file import COLUMNS, read_consents
from services.admin.directory import DirectoryClient
from services.admin.paging import pages
from services.admin.peers import AUTH
from services.admin.printing import print_json, print_line
from snowlight.api.auth.v1 import consent_pb2, consent_pb2_grpc
from snowlight.csv_table import at_line
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

TIMEOUT_S = 60.0
PAGE_SIZE = 1000
_COLUMNS = {"camera_uid": "camera", "name": "camera"}
"""Columns that are named otherwise in the contract."""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the subcommands."""
    grants = commands.add_parser("list-grants", help="grants, newest first, one JSON object a line")
    grants.add_argument("--kind", default="", help="case, emergency or repair; default: all")
    grants.add_argument("--state", default="", help="requested, approved, ...; default: all")
    consents = commands.add_parser("list-consents", help="consents, newest first, one JSON object a line")
    consents.add_argument("--camera", default="", help="cameras/ID, or the uid; default: all cameras")
    papers = commands.add_parser("import-consents", help="record consents that owners signed on paper")
    papers.add_argument(
        "file",
        type=Path,
        help=f"columns {', '.join(COLUMNS)}, in any order; actions with blanks between them; one of "
        "principal, organisation, or line with region",
    )
    papers.add_argument(
        "--by", required=True, metavar="USERNAME", help="the admin of the cameras' region who answers for it"
    )
    for parser in (grants, consents, papers):
        parser.set_defaults(run=run)


async def run(runtime: Runtime, options: argparse.Namespace) -> None:
    """Carry out one of them."""
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        stub: consent_pb2_grpc.ConsentsAsyncStub = consent_pb2_grpc.ConsentsStub(channel)
        match options.command:
            case "list-grants":
                await _list_grants(stub, options.kind, options.state)
            case "list-consents":
                uid = await camera_uid(runtime, options.camera) if options.camera else ""
                await _list_consents(stub, uid)
            case "import-consents":
                recorder = await DirectoryClient(channel).require_principal(options.by)
                await _import(runtime, stub, options.file, recorder.name)


async def _import(
    runtime: Runtime, stub: "consent_pb2_grpc.ConsentsAsyncStub", file: Path, recorded_by: str
) -> None:
    """One after the other. What stands before a line that is refused has been recorded, and is printed."""
    for line, camera, consent in read_consents(file, ZoneInfo(runtime.cluster.time_zone)):
        with at_line(line), _by_column():
            consent.camera_uid = await camera_uid(runtime, camera)
            request = consent_pb2.RecordConsentRequest(recorded_by=recorded_by, consent=consent)
            with remote_errors(AUTH):
                recorded = await stub.RecordConsent(request, timeout=TIMEOUT_S)
        print_line(recorded.name)


@contextmanager
def _by_column() -> Iterator[None]:
    """Say the column of the file in the error of what fails inside."""
    try:
        yield
    except SnowlightError as error:
        column = _COLUMNS.get(error.field, error.field.removeprefix("audience.").partition("[")[0])
        detail = error.detail.removeprefix("audience.")
        if column and not detail.startswith(column):
            detail = f"{column}: {detail}"
        raise type(error)(error.code, detail, field=column) from error


async def _list_grants(stub: "consent_pb2_grpc.ConsentsAsyncStub", kind: str, state: str) -> None:
    request = consent_pb2.ListGrantsRequest(kind=kind, state=state, page_size=PAGE_SIZE)
    async for page in pages(AUTH, stub.ListAllGrants, request, TIMEOUT_S):
        for grant in page.grants:
            print_json(grant)


async def _list_consents(stub: "consent_pb2_grpc.ConsentsAsyncStub", uid: str) -> None:
    request = consent_pb2.ListConsentsRequest(camera_uid=uid, page_size=PAGE_SIZE)
    async for page in pages(AUTH, stub.ListAllConsents, request, TIMEOUT_S):
        for consent in page.consents:
            print_json(consent)
