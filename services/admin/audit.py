"""Subcommands about the audit: read it, take it out, keep its heads, prove that it is what was written."""

import argparse
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from services.admin.instants import read_instant
from services.admin.paging import pages
from services.admin.peers import AUTH
from services.admin.person import ordering_person
from services.admin.printing import print_json, print_line
from snowlight import audit_export
from snowlight.api.auth.v1 import audit_pb2, audit_pb2_grpc
from snowlight.errors import DataLossError, InvalidArgumentError
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

TIMEOUT_S = 30.0
LONG_TIMEOUT_S = 24 * 3600.0
"""Ten million records take an hour or so."""
PAGE_SIZE = 1000
_DAY = "%Y-%m-%d"


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the subcommands."""
    listing = commands.add_parser("list-audit", help="the newest records, one JSON object a line")
    listing.add_argument("--limit", type=int, default=100)
    listing.add_argument("--camera", default="", metavar="UID")
    listing.add_argument("--principal", default="", metavar="NAME", help="principals/ID or services/NAME")
    listing.add_argument("--action", default="", help="such as live, export, audit.read")
    export = commands.add_parser("export-audit", help="write the audit to a file; that is on record itself")
    export.add_argument("--format", required=True, choices=sorted(audit_export.FORMATS))
    export.add_argument("--from", dest="start", default="", metavar="DAY", help="2026-11-26, or an instant")
    export.add_argument("--to", dest="end", default="", metavar="DAY", help="with all of this day")
    export.add_argument("--output", required=True, type=Path, metavar="FILE", help="must not exist yet")
    export.add_argument("--by", default="", metavar="PERSON", help="who takes it; default: your login name")
    export.add_argument("--purpose", default="")
    head = commands.add_parser(
        "audit-head", help="today's signed head so far, for somebody else to keep: one JWS a line"
    )
    head.add_argument("--day", default="", metavar="DAY", help="the head of this UTC day")
    head.add_argument("--all", action="store_true", help="the heads of all days that are over, and today's")
    head.add_argument("--key", action="store_true", help="the public key that checks them, a JWK, instead")
    verify = commands.add_parser(
        "verify-audit", help="find what was changed, removed or moved; exit status 1 if anything was"
    )
    verify.add_argument("--from", dest="from_day", default="", metavar="DAY", help="a UTC day, 2026-11-26")
    verify.add_argument("--to", dest="to_day", default="", metavar="DAY", help="with this day")
    verify.add_argument("--heads", type=Path, metavar="FILE", help="heads kept elsewhere, one JWS a line")
    for parser, run in ((listing, _list), (export, _export), (head, _head), (verify, _verify)):
        parser.set_defaults(run=run)


async def _list(runtime: Runtime, options: argparse.Namespace) -> None:
    left = options.limit
    if left <= 0:
        return
    request = audit_pb2.ListAuditRecordsRequest(
        reader=audit_pb2.AuditReader(whole=True),
        filter=audit_pb2.AuditFilter(
            camera_uid=options.camera, principal=options.principal, action=options.action
        ),
        page_size=min(left, PAGE_SIZE),
    )
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        stub: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(channel)
        async for page in pages(AUTH, stub.ListAuditRecords, request, TIMEOUT_S):
            for record in page.records[:left]:
                print_json(record)
            left -= len(page.records)
            if left <= 0:
                return


async def _export(runtime: Runtime, options: argparse.Namespace) -> None:
    zone = ZoneInfo(runtime.cluster.time_zone)
    wanted = audit_pb2.AuditFilter()
    if options.start:
        wanted.start.FromMilliseconds(read_instant(options.start, "from", zone))
    if options.end:
        wanted.end.FromMilliseconds(_end_of(options.end, zone))
    request = audit_pb2.ExportAuditRecordsRequest(
        reader=audit_pb2.AuditReader(whole=True, acting_person=ordering_person(options.by)),
        filter=wanted,
        purpose=options.purpose,
    )
    count = 0
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        stub: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(channel)
        with _new_file(options.output) as file, remote_errors(AUTH):
            file.write(audit_export.begin(options.format))
            async for answer in stub.ExportAuditRecords(request, timeout=LONG_TIMEOUT_S):
                file.write(audit_export.lines(options.format, answer.records))
                count += len(answer.records)
    print_line(f"{count} records in {options.output}")


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that is there under its name only once it is whole. Raises InvalidArgumentError("output")."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        if path.exists():
            raise FileExistsError
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError as error:
        raise InvalidArgumentError(
            "admin.output", f"{path} exists already or cannot be written", field="output"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


async def _head(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        stub: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(channel)
        with remote_errors(AUTH):
            if options.all:
                async for head in stub.ListAuditHeads(audit_pb2.ListAuditHeadsRequest(), timeout=TIMEOUT_S):
                    print_line(head.jws)
            head = await stub.GetAuditHead(audit_pb2.GetAuditHeadRequest(day=options.day), timeout=TIMEOUT_S)
        print_line(head.jwk_json if options.key else head.jws)


async def _verify(runtime: Runtime, options: argparse.Namespace) -> None:
    request = audit_pb2.VerifyAuditRequest(
        from_day=options.from_day, to_day=options.to_day, heads=_read_heads(options.heads)
    )
    findings = days = records = dropped = 0
    async for told in _verified(runtime, request):
        match told.WhichOneof("told"):
            case "finding":
                findings += 1
                print_line(_sentence(told.finding))
            case "note":
                print_line(f"note: {told.note}")
            case "day":
                days += 1
                records += told.day.records if not told.day.dropped else 0
                dropped += told.day.dropped
    past = f"; of {dropped} of them, past retention, only the signed heads are left" if dropped else ""
    if findings:
        raise DataLossError("audit.broken", f"{findings} findings in {days} days, {records} records{past}")
    print_line(f"{days} days with {records} records are as they were linked and signed{past}")


async def _verified(
    runtime: Runtime, request: audit_pb2.VerifyAuditRequest
) -> AsyncIterator[audit_pb2.VerifyAuditResponse]:
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        stub: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(channel)
        with remote_errors(AUTH):
            async for told in stub.VerifyAudit(request, timeout=LONG_TIMEOUT_S):
                yield told


def _sentence(finding: audit_pb2.AuditFinding) -> str:
    place = finding.day
    if finding.record_id:
        place += f" record {finding.record_id}"
    if finding.position:
        place += f" position {finding.position}"
    return f"{place}: {finding.problem}: {finding.detail}"


def _read_heads(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return [line.strip() for line in path.read_text("ascii").splitlines() if line.strip()]
    except (OSError, UnicodeError) as error:
        raise InvalidArgumentError("admin.heads", f"{path} cannot be read as heads", field="heads") from error


def _end_of(text: str, zone: ZoneInfo) -> int:
    """The end of a day, or the instant itself."""
    try:
        day = datetime.strptime(text, _DAY).replace(tzinfo=zone)
    except ValueError:
        return read_instant(text, "to", zone)
    return int((day + timedelta(days=1)).timestamp() * 1000)
