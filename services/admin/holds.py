"""Subcommands about holds."""

import argparse
from zoneinfo import ZoneInfo

from services.admin.camera import camera_uid
from services.admin.instants import read_instant
from services.admin.on_record import put_on_record
from services.admin.paging import pages
from services.admin.peers import STORAGE
from services.admin.printing import print_json
from snowlight.api.storage.v1 import hold_pb2, hold_pb2_grpc
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

TIMEOUT_S = 60.0


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the subcommands."""
    creation = commands.add_parser("create-hold", help="keep footage past its retention")
    creation.add_argument("--camera", required=True, help="cameras/ID, or the uid, also of a deleted one")
    creation.add_argument(
        "--start", required=True, metavar="TIME", help="2026-11-26T08:00, or with an offset"
    )
    creation.add_argument("--end", required=True, metavar="TIME")
    creation.add_argument("--case", required=True, metavar="NUMBER", help="number of the case")
    creation.add_argument("--reason", required=True)
    creation.add_argument("--by", required=True, help="who holds it; somebody else has to release it")
    creation.add_argument("--expire", default="", metavar="TIME", help="default: never")
    creation.add_argument("--request-id", default="", help="the same id makes no second hold")
    listing = commands.add_parser("list-holds", help="holds, newest first, one JSON object a line")
    listing.add_argument("--camera", default="", help="default: all cameras")
    listing.add_argument("--all", action="store_true", help="released and expired ones too")
    release = commands.add_parser("release-hold", help="let footage go when its retention is over")
    release.add_argument("name", help="holds/ID")
    release.add_argument("--by", required=True, help="who releases it")
    release.add_argument("--reason", required=True)
    for parser in (creation, listing, release):
        parser.set_defaults(run=run)


async def run(runtime: Runtime, options: argparse.Namespace) -> None:
    """Carry out one of them."""
    zone = ZoneInfo(runtime.cluster.time_zone)
    async with runtime.channel(runtime.cluster.storage_address) as channel:
        stub: hold_pb2_grpc.HoldsAsyncStub = hold_pb2_grpc.HoldsStub(channel)
        match options.command:
            case "create-hold":
                hold = hold_pb2.Hold(
                    camera_uid=await camera_uid(runtime, options.camera),
                    start_ms=read_instant(options.start, "start", zone),
                    end_ms=read_instant(options.end, "end", zone),
                    case_number=options.case,
                    reason=options.reason,
                    created_by=options.by,
                    expire_ms=read_instant(options.expire, "expire", zone) if options.expire else 0,
                )
                creation = hold_pb2.CreateHoldRequest(hold=hold, request_id=options.request_id)
                await _record(runtime, "hold", hold, f"a hold is made: {options.reason}", options.by)
                with remote_errors(STORAGE):
                    print_json(await stub.CreateHold(creation, timeout=TIMEOUT_S))
            case "list-holds":
                uid = await camera_uid(runtime, options.camera) if options.camera else ""
                listing = hold_pb2.ListHoldsRequest(camera_uid=uid, all=options.all)
                async for page in pages(STORAGE, stub.ListHolds, listing, TIMEOUT_S):
                    for found in page.holds:
                        print_json(found)
            case "release-hold":
                release = hold_pb2.ReleaseHoldRequest(
                    name=options.name, released_by=options.by, reason=options.reason
                )
                with remote_errors(STORAGE):
                    held = await stub.GetHold(hold_pb2.GetHoldRequest(name=options.name), timeout=TIMEOUT_S)
                detail = f"{held.name} is released: {options.reason}"
                await _record(runtime, "release_hold", held, detail, options.by)
                with remote_errors(STORAGE):
                    print_json(await stub.ReleaseHold(release, timeout=TIMEOUT_S))


async def _record(runtime: Runtime, action: str, hold: hold_pb2.Hold, detail: str, by: str) -> None:
    await put_on_record(
        runtime,
        action,
        detail,
        by=by,
        purpose=hold.case_number,
        camera_uids=[hold.camera_uid],
        window_ms=(hold.start_ms, hold.end_ms),
    )
