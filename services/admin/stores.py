"""Subcommands about object stores: which there are, which region goes where, the index made again."""

import argparse
import sys

from services.admin.peers import STORAGE
from services.admin.printing import print_json, print_line
from services.admin.regions_file import region_name
from snowlight.api.storage.v1 import store_pb2, store_pb2_grpc
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

TIMEOUT_S = 30.0


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the subcommands."""
    listing = commands.add_parser("list-stores", help="object stores, one JSON object a line, then regions")
    listing.set_defaults(run=run)
    setting = commands.add_parser("set-region-store", help="send a region's new footage to a store")
    setting.add_argument("--region", required=True, metavar="REGION")
    setting.add_argument("--store", required=True)
    setting.set_defaults(run=run)
    deletion = commands.add_parser("delete-region-store", help="let a region follow the one above it again")
    deletion.add_argument("--region", required=True, metavar="REGION")
    deletion.set_defaults(run=run)
    rebuild = commands.add_parser("rebuild", help="make the index again from what lies in the stores")
    rebuild.add_argument("--store", default="", help="default: all stores")
    rebuild.set_defaults(run=run)


async def run(runtime: Runtime, options: argparse.Namespace) -> None:
    """Carry out one of them."""
    async with runtime.channel(runtime.cluster.storage_address) as channel:
        stub: store_pb2_grpc.StoresAsyncStub = store_pb2_grpc.StoresStub(channel)
        with remote_errors(STORAGE):
            match options.command:
                case "list-stores":
                    await _list(stub)
                case "set-region-store":
                    region = store_pb2.RegionStore(region=region_name(options.region), store=options.store)
                    request = store_pb2.SetRegionStoreRequest(region_store=region)
                    print_json(await stub.SetRegionStore(request, timeout=TIMEOUT_S))
                case "delete-region-store":
                    gone = store_pb2.DeleteRegionStoreRequest(region=region_name(options.region))
                    await stub.DeleteRegionStore(gone, timeout=TIMEOUT_S)
                case "rebuild":
                    await _rebuild(stub, options.store)


async def _list(stub: "store_pb2_grpc.StoresAsyncStub") -> None:
    answer = await stub.ListStores(store_pb2.ListStoresRequest(), timeout=TIMEOUT_S)
    for store in answer.stores:
        print_json(store)
    for region in answer.regions:
        print_json(region)


async def _rebuild(stub: "store_pb2_grpc.StoresAsyncStub", store: str) -> None:
    """Progress on standard error while it lasts; the end, and what was foreign, on standard output."""
    told = store_pb2.RebuildIndexResponse()
    last: dict[str, store_pb2.RebuildIndexResponse] = {}
    async for told in stub.RebuildIndex(store_pb2.RebuildIndexRequest(store=store)):
        last[told.store] = told
        print(_sentence(told), file=sys.stderr)  # noqa: T201 - a person waits
    for each in last.values():
        print_line(_sentence(each))
        for key in each.foreign:
            print_line(f"{each.store}: foreign: {key}")


def _sentence(told: store_pb2.RebuildIndexResponse) -> str:
    return (
        f"{told.store}: {told.days} packed days, {told.objects} objects, "
        f"{told.gaps} gaps and {told.holds} holds added"
    )
