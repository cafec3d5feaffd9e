"""Subcommands about evidence: stores that keep it, exports, the key that signs them."""

import argparse
import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

from services.admin.camera import camera_uid
from services.admin.instants import read_instant
from services.admin.on_record import put_on_record
from services.admin.paging import pages
from services.admin.peers import STORAGE
from services.admin.person import ordering_person
from services.admin.printing import print_json, print_line
from services.admin.store_setup.setup import init_stores
from snowlight.api.storage.v1 import export_pb2, export_pb2_grpc
from snowlight.evidence.signature import evidence_key, public_jwk
from snowlight.object_store import EvidenceSettings, ObjectStoreSettings
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

TIMEOUT_S = 30.0
PAGE_SIZE = 100


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the subcommands."""
    init = commands.add_parser(
        "init-store",
        help="make the buckets of SNOWLIGHT_STORE_* and SNOWLIGHT_EVIDENCE_* what Snowlight needs, with the "
        "rights of whoever may administer them; safe to run again",
    )
    init.add_argument(
        "--users-dir",
        type=Path,
        metavar="DIR",
        help="on MinIO, make a user with least rights for each service too, its keys in "
        "DIR/{store}-{service}.json",
    )
    init.set_defaults(run=_init_store)
    commands.add_parser(
        "show-evidence-key", help="the public key that `snowlight verify --key` checks with, a JWK"
    ).set_defaults(run=_show_key)
    create = commands.add_parser("create-export", help="copy footage to the evidence store")
    create.add_argument(
        "--camera", required=True, action="append", help="cameras/{id} or a uid; may be repeated"
    )
    create.add_argument("--start", required=True, metavar="INSTANT", help="2026-11-26T08:30")
    create.add_argument("--end", required=True, metavar="INSTANT")
    create.add_argument("--case", required=True)
    create.add_argument("--reason", required=True)
    create.add_argument("--by", required=True, metavar="PERSON", help="who takes it")
    create.set_defaults(run=_with_exports)
    commands.add_parser("list-exports", help="newest first, one JSON object a line").set_defaults(
        run=_with_exports
    )
    cancel = commands.add_parser("cancel-export", help="end an export that is not done")
    cancel.add_argument("name", metavar="exports/ID")
    cancel.add_argument("--by", default="", metavar="PERSON", help="who ends it; default: your login name")
    cancel.set_defaults(run=_with_exports)


async def _init_store(runtime: Runtime, options: argparse.Namespace) -> None:
    settings, evidence = ObjectStoreSettings(), EvidenceSettings()
    report = await asyncio.to_thread(
        init_stores, settings, evidence, runtime.cluster.data_dir, options.users_dir
    )
    for line in report.lines():
        print_line(line)


async def _show_key(runtime: Runtime, options: argparse.Namespace) -> None:
    print_line(public_jwk(evidence_key(runtime.key)))


async def _with_exports(runtime: Runtime, options: argparse.Namespace) -> None:
    async with runtime.channel(runtime.cluster.storage_address) as channel:
        stub: export_pb2_grpc.ExportsAsyncStub = export_pb2_grpc.ExportsStub(channel)
        match options.command:
            case "create-export":
                wish = await _wish(runtime, options)
                await _record(runtime, wish.export, f"an export begins: {options.reason}", options.by)
                with remote_errors(STORAGE):
                    print_json(await stub.CreateExport(wish, timeout=TIMEOUT_S))
            case "list-exports":
                request = export_pb2.ListExportsRequest(page_size=PAGE_SIZE)
                async for page in pages(STORAGE, stub.ListExports, request, TIMEOUT_S):
                    for export in page.exports:
                        print_json(export)
            case "cancel-export":
                cancelled = export_pb2.CancelExportRequest(name=options.name)
                with remote_errors(STORAGE):
                    found = await stub.GetExport(
                        export_pb2.GetExportRequest(name=options.name), timeout=TIMEOUT_S
                    )
                await _record(runtime, found, f"{found.name} is cancelled", ordering_person(options.by))
                with remote_errors(STORAGE):
                    print_json(await stub.CancelExport(cancelled, timeout=TIMEOUT_S))


async def _record(runtime: Runtime, export: export_pb2.Export, detail: str, by: str) -> None:
    await put_on_record(
        runtime,
        "export",
        detail,
        by=by,
        purpose=export.case_number,
        camera_uids=export.camera_uids,
        window_ms=(export.start_ms, export.end_ms),
    )


async def _wish(runtime: Runtime, options: argparse.Namespace) -> export_pb2.CreateExportRequest:
    zone = ZoneInfo(runtime.cluster.time_zone)
    return export_pb2.CreateExportRequest(
        export=export_pb2.Export(
            camera_uids=[await camera_uid(runtime, camera) for camera in options.camera],
            start_ms=read_instant(options.start, "start", zone),
            end_ms=read_instant(options.end, "end", zone),
            case_number=options.case,
            reason=options.reason,
            created_by=options.by,
        )
    )
