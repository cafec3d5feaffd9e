"""The subcommand about recording integrity."""

import argparse

from services.admin.camera import camera_uid
from services.admin.peers import STORAGE
from services.admin.printing import print_json
from services.admin.regions_file import region_name
from snowlight.api.storage.v1 import integrity_pb2, integrity_pb2_grpc
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

REPORT_TIMEOUT_S = 3600.0
"""A county's month that was never asked for, or that is computed anew, is a million camera-days."""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the subcommand."""
    integrity = commands.add_parser(
        "integrity", help="what was to be recorded and what of it was, as one JSON object"
    )
    subject = integrity.add_mutually_exclusive_group(required=True)
    subject.add_argument("--camera", help="cameras/ID, or the uid, also of one that was deleted")
    subject.add_argument("--region", help="all cameras in and below it")
    integrity.add_argument("--period", required=True, help="a day like 2026-11-26 or a month like 2026-11")
    integrity.add_argument(
        "--recompute", action="store_true", help="from footage and ledger, not from what was kept of days"
    )
    integrity.set_defaults(run=run)


async def run(runtime: Runtime, options: argparse.Namespace) -> None:
    """Print what storage answers."""
    request = integrity_pb2.GetIntegrityRequest(period=options.period, recompute=options.recompute)
    if options.camera:
        request.camera_uid = await camera_uid(runtime, options.camera)
    else:
        request.region = region_name(options.region)
    async with runtime.channel(runtime.cluster.storage_address) as channel:
        reports: integrity_pb2_grpc.IntegrityReportsAsyncStub = integrity_pb2_grpc.IntegrityReportsStub(
            channel
        )
        with remote_errors(STORAGE):
            print_json(await reports.GetIntegrity(request, timeout=REPORT_TIMEOUT_S), zeros=True)
