"""Subcommands about rights: why an action is allowed or not, changes of principals, jurisdictions."""

import argparse
from zoneinfo import ZoneInfo

from services.admin.camera import camera_uid
from services.admin.directory import DirectoryClient
from services.admin.instants import read_instant
from services.admin.printing import print_json, print_line
from services.admin.regions_file import region_name
from snowlight.api.auth.v1 import auth_pb2
from snowlight.runtime import Runtime

ROLES = tuple(name.lower() for name in auth_pb2.Role.keys()[1:])


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register the subcommands."""
    explain = commands.add_parser("explain", help="tell how an action would be decided, and why")
    explain.add_argument("username", metavar="PRINCIPAL", help="a user name, or principals/ID")
    explain.add_argument("action", metavar="ACTION", help="live, playback, export, camera.manage, ...")
    explain.add_argument("resource", metavar="CAMERA", help="cameras/ID, a camera's uid, or regions/CODE")
    explain.add_argument("--purpose", default="")
    explain.add_argument("--start", default="", metavar="TIME", help="2026-11-26T08:00, or with an offset")
    explain.add_argument("--end", default="", metavar="TIME")
    explain.add_argument(
        "--named", action="store_true", help="as if a system named the person that it acts for"
    )
    change = commands.add_parser("update-principal", help="change somebody's rights; it bites at once")
    change.add_argument("--username", required=True)
    change.add_argument("--display-name", default=None)
    change.add_argument("--organisation", default=None)
    change.add_argument("--role", choices=ROLES, action="append", help="may be repeated: all they have")
    change.add_argument("--scope", default=None, metavar="REGION", help="a region, or jurisdictions/ID")
    state = change.add_mutually_exclusive_group()
    state.add_argument("--disable", action="store_true", help="end their sessions and let them in no more")
    state.add_argument("--enable", action="store_true")
    creation = commands.add_parser("create-jurisdiction", help="name a set of regions and cameras")
    creation.add_argument("--display-name", required=True)
    creation.add_argument("--region", required=True, help="whose it is; its level is the tier of its people")
    creation.add_argument("--holds", action="append", default=[], metavar="REGION", help="may be repeated")
    creation.add_argument("--camera", action="append", default=[], help="cameras/ID or uid, may be repeated")
    creation.add_argument(
        "--member", action="append", default=[], metavar="USERNAME", help="sees it besides their own scope"
    )
    creation.add_argument("--reason", required=True)
    creation.add_argument("--expire", default="", metavar="TIME", help="default: never")
    commands.add_parser("list-jurisdictions", help="one JSON object a line")
    removal = commands.add_parser("delete-jurisdiction", help="end a share or a special duty")
    removal.add_argument("name", help="jurisdictions/ID")
    for name in ("explain", "update-principal", "create-jurisdiction"):
        commands.choices[name].set_defaults(run=run)
    for name in ("list-jurisdictions", "delete-jurisdiction"):
        commands.choices[name].set_defaults(run=run)


async def run(runtime: Runtime, options: argparse.Namespace) -> None:
    """Carry out one of them."""
    zone = ZoneInfo(runtime.cluster.time_zone)
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        directory = DirectoryClient(channel)
        match options.command:
            case "explain":
                await _explain(runtime, directory, options, zone)
            case "update-principal":
                await _update_principal(directory, options)
            case "create-jurisdiction":
                await _create_jurisdiction(runtime, directory, options, zone)
            case "list-jurisdictions":
                async for jurisdiction in directory.jurisdictions():
                    print_json(jurisdiction)
            case "delete-jurisdiction":
                await directory.delete_jurisdiction(options.name)


async def _explain(
    runtime: Runtime, directory: DirectoryClient, options: argparse.Namespace, zone: ZoneInfo
) -> None:
    request = auth_pb2.ExplainDecisionRequest(
        principal=(await directory.require_principal(options.username)).name,
        action=options.action,
        purpose=options.purpose,
        named=options.named,
    )
    if options.resource.startswith("regions/"):
        request.region = options.resource
    else:
        request.camera_uid = await camera_uid(runtime, options.resource)
    if options.start:
        request.start.FromMilliseconds(read_instant(options.start, "start", zone))
    if options.end:
        request.end.FromMilliseconds(read_instant(options.end, "end", zone))
    answer = await directory.explain(request)
    print_line(f"{'allowed' if answer.allowed else 'denied'}: {answer.reason}")
    for policy in answer.policies:
        print_line(f"  {policy.policy}: {policy.english} {policy.chinese}")
    print_line(f"principal: {answer.principal_facts}")
    print_line(f"resource: {answer.resource_facts}")


async def _update_principal(directory: DirectoryClient, options: argparse.Namespace) -> None:
    principal = await directory.require_principal(options.username)
    fields = []
    if options.display_name is not None:
        principal.display_name = options.display_name
        fields.append("display_name")
    if options.organisation is not None:
        principal.organisation = options.organisation
        fields.append("organisation")
    if options.role:
        del principal.roles[:]
        principal.roles.extend(auth_pb2.Role.Value(role.upper()) for role in options.role)
        fields.append("roles")
    if options.scope is not None:
        principal.scope = scope_name(options.scope)
        fields.append("scope")
    if options.disable or options.enable:
        principal.disabled = options.disable
        fields.append("disabled")
    if fields:
        principal = await directory.update_principal(principal, *fields)
    print_json(principal)


async def _create_jurisdiction(
    runtime: Runtime, directory: DirectoryClient, options: argparse.Namespace, zone: ZoneInfo
) -> None:
    jurisdiction = auth_pb2.Jurisdiction(
        display_name=options.display_name,
        region=region_name(options.region),
        regions=[region_name(code) for code in options.holds],
        camera_uids=[await camera_uid(runtime, camera) for camera in options.camera],
        members=[(await directory.require_principal(username)).name for username in options.member],
        reason=options.reason,
    )
    if options.expire:
        jurisdiction.expire_time.FromMilliseconds(read_instant(options.expire, "expire", zone))
    print_line((await directory.create_jurisdiction(jurisdiction)).name)


def scope_name(given: str) -> str:
    """A scope as auth names it: "regions/{code}" unless it is a jurisdiction."""
    return given if given.startswith("jurisdictions/") else region_name(given)
