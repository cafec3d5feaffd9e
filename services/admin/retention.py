"""Subcommands about retention policies."""

import argparse

from services.admin.on_record import put_on_record
from services.admin.peers import STORAGE
from services.admin.person import ordering_person
from services.admin.printing import print_json
from snowlight.api.storage.v1 import retention_pb2, retention_pb2_grpc
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

TIMEOUT_S = 60.0
PREVIEW_TIMEOUT_S = 1800.0
"""A dry run reads the index object of every camera's day that is expired in part."""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the subcommands."""
    setting = commands.add_parser("set-retention", help="create or change a retention policy")
    _add_policy(setting, required=True)
    setting.add_argument("--by", default="", help="whose decision it is; default: your login name")
    listing = commands.add_parser("list-retention", help="retention policies, one JSON object a line")
    deletion = commands.add_parser("delete-retention", help="delete a retention policy")
    deletion.add_argument("--policy", required=True, metavar="POLICY", help="class-{1-3} or region-CODE")
    deletion.add_argument("--by", default="", help="whose decision it is; default: your login name")
    preview = commands.add_parser(
        "preview-retention",
        help="what would go at once under a policy, or as policies are now; changes nothing",
    )
    _add_policy(preview, required=False)
    for parser in (setting, listing, deletion, preview):
        parser.set_defaults(run=run)


def _add_policy(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--policy", required=required, metavar="POLICY", help="default, class-{1-3} or region-CODE"
    )
    deletes = "" if required else "; 0 stands for the policy's deletion"
    parser.add_argument("--days", required=required, type=int, help=f"1 to 3650{deletes}")
    parser.add_argument(
        "--minimum-days",
        type=int,
        default=0,
        help="a store that runs full drops nothing younger; default: the same as --days",
    )


async def run(runtime: Runtime, options: argparse.Namespace) -> None:
    """Carry out one of them."""
    async with runtime.channel(runtime.cluster.storage_address) as channel:
        stub: retention_pb2_grpc.RetentionAsyncStub = retention_pb2_grpc.RetentionStub(channel)
        if options.command in ("set-retention", "delete-retention"):
            options.by = ordering_person(options.by)
            await _record(runtime, options)
        with remote_errors(STORAGE):
            match options.command:
                case "set-retention":
                    request = retention_pb2.SetRetentionPolicyRequest(policy=_policy(options))
                    request.policy.updated_by = options.by
                    print_json(await stub.SetRetentionPolicy(request, timeout=TIMEOUT_S))
                case "list-retention":
                    listing = retention_pb2.ListRetentionPoliciesRequest()
                    for policy in (await stub.ListRetentionPolicies(listing, timeout=TIMEOUT_S)).policies:
                        print_json(policy)
                case "delete-retention":
                    deletion = retention_pb2.DeleteRetentionPolicyRequest(
                        name=_name(options.policy), updated_by=options.by
                    )
                    await stub.DeleteRetentionPolicy(deletion, timeout=TIMEOUT_S)
                case "preview-retention":
                    preview = retention_pb2.PreviewRetentionRequest()
                    if options.policy:
                        preview.policy.CopyFrom(_policy(options))
                    print_json(await stub.PreviewRetention(preview, timeout=PREVIEW_TIMEOUT_S), zeros=True)


async def _record(runtime: Runtime, options: argparse.Namespace) -> None:
    change = "is deleted"
    if options.command == "set-retention":
        change = f"is set to {options.days} days, at least {options.minimum_days or options.days}"
    detail = f"{_name(options.policy)} {change}"
    await put_on_record(runtime, "retention.manage", detail, by=options.by)


def _policy(options: argparse.Namespace) -> retention_pb2.RetentionPolicy:
    return retention_pb2.RetentionPolicy(
        name=_name(options.policy), days=options.days or 0, minimum_days=options.minimum_days
    )


def _name(policy: str) -> str:
    """With or without the name of the collection before it."""
    return f"retentionPolicies/{policy.removeprefix('retentionPolicies/')}"
