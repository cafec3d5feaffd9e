"""The arguments of `snowlight admin`, and what it prints."""

import argparse
import asyncio
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from services.admin import (
    audit,
    clients,
    consents,
    evidence,
    holds,
    integrity,
    retention,
    revoke,
    rights,
    stores,
)
from services.admin.directory import DirectoryClient
from services.admin.passwords import choose_password
from services.admin.printing import print_json, print_line
from services.admin.regions_file import COLUMNS, LEVELS, read_regions, region_of
from snowlight.api.auth.v1 import auth_pb2
from snowlight.config import ClusterSettings
from snowlight.csv_table import at_line
from snowlight.errors import AlreadyExistsError, SnowlightError
from snowlight.runtime import Runtime, build_runtime, sentences

LINES = tuple(name.lower() for name in auth_pb2.Line.keys()[1:])
KINDS = tuple(name.lower() for name in auth_pb2.PrincipalKind.keys()[1:])
ROLES = tuple(name.lower() for name in auth_pb2.Role.keys()[1:])


def main(arguments: list[str]) -> int:
    """Run one command. Returns the process's exit status."""
    options = _parser().parse_args(arguments)
    try:
        runtime = build_runtime("admin", ClusterSettings())
        asyncio.run(_run(runtime, options))
    except (SnowlightError, ValidationError) as error:
        for line in sentences(error):
            print(f"snowlight: {line}", file=sys.stderr)  # noqa: T201 - a person asked
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="snowlight admin",
        description="Administers a running cluster. It finds auth by SNOWLIGHT_AUTH_ADDRESS and storage by "
        "SNOWLIGHT_STORAGE_ADDRESS, and identifies itself by SNOWLIGHT_CLUSTER_KEY, or by the key in "
        "SNOWLIGHT_DATA_DIR.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    operator = commands.add_parser("create-operator", help="create somebody who can sign in")
    operator.add_argument("--username", required=True)
    operator.add_argument("--display-name", default="")
    operator.add_argument("--organisation", default="")
    operator.add_argument("--line", required=True, choices=LINES)
    operator.add_argument("--role", required=True, choices=ROLES, action="append", help="may be repeated")
    operator.add_argument(
        "--scope", required=True, metavar="REGION", help="all in and below this region, or jurisdictions/ID"
    )
    operator.add_argument(
        "--kind", choices=KINDS, default="person", help="a system has no password (default: person)"
    )
    _add_password_file(operator)
    _add_if_missing(operator)

    password = commands.add_parser("set-password", help="replace a password and end its sessions")
    password.add_argument("--username", required=True)
    _add_password_file(password)

    region = commands.add_parser("create-region", help="create a region")
    region.add_argument("--code", required=True, help="GB/T 2260 digits, or a local code below a village")
    region.add_argument("--parent", default="", metavar="REGION", help="default: by the code's prefix")
    region.add_argument("--level", required=True, choices=sorted(LEVELS, key=LEVELS.__getitem__))
    region.add_argument("--display-name", required=True)
    region.add_argument("--valid-from", default="", metavar="DATE", help="default: now")
    region.add_argument("--valid-to", default="", metavar="DATE")
    region.add_argument("--households", default="")
    region.add_argument("--population", default="")
    _add_if_missing(region)

    regions = commands.add_parser("import-regions", help="create the regions of a CSV file")
    regions.add_argument(
        "file", type=Path, help=f"columns {', '.join(COLUMNS)}, in any order; parents need not come first"
    )
    _add_if_missing(regions)

    commands.add_parser("list-regions", help="one JSON object a line")
    commands.add_parser("list-principals", help="one JSON object a line")
    commands.add_parser("rotate-keys", help="publish a new key, which signs a little later; no token fails")
    clients.add_commands(commands)
    audit.add_commands(commands)
    rights.add_commands(commands)
    integrity.add_commands(commands)
    stores.add_commands(commands)
    evidence.add_commands(commands)
    retention.add_commands(commands)
    holds.add_commands(commands)
    revoke.add_commands(commands)
    consents.add_commands(commands)
    return parser


def _add_password_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--password-file",
        type=Path,
        help="its first line is the password. Without it you are asked; with no terminal to ask at, one is "
        "made and printed once",
    )


def _add_if_missing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--if-missing", action="store_true", help="leave what exists as it is")


async def _run(runtime: Runtime, options: argparse.Namespace) -> None:
    if "run" in options:  # a subject with a file of its own
        await options.run(runtime, options)
        return
    time_zone = ZoneInfo(runtime.cluster.time_zone)
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        directory = DirectoryClient(channel)
        match options.command:
            case "create-operator":
                await _create_operator(directory, options)
            case "set-password":
                await _set_password(directory, options)
            case "create-region":
                fields = {name: getattr(options, name) for name in COLUMNS}
                await _create_region(directory, region_of(fields, time_zone), if_missing=options.if_missing)
            case "import-regions":
                for line, region in read_regions(options.file, time_zone):
                    with at_line(line):
                        await _create_region(directory, region, if_missing=options.if_missing)
            case "list-regions":
                async for found in directory.regions():
                    print_json(found)
            case "list-principals":
                async for principal in directory.principals():
                    print_json(principal)
            case "rotate-keys":
                rotated = await directory.rotate_signing_keys()
                sign_time = rotated.sign_time.ToDatetime(tzinfo=time_zone)
                print_line(f"{rotated.key_id} signs from {sign_time.isoformat(timespec='seconds')}")


async def _create_operator(directory: DirectoryClient, options: argparse.Namespace) -> None:
    principal = auth_pb2.Principal(
        username=options.username,
        display_name=options.display_name,
        organisation=options.organisation,
        line=auth_pb2.Line.Value(options.line.upper()),
        roles=[auth_pb2.Role.Value(role.upper()) for role in options.role],
        scope=rights.scope_name(options.scope),
        kind=auth_pb2.PrincipalKind.Value(options.kind.upper()),
    )
    if options.if_missing and await directory.find_principal(options.username):
        return
    if principal.kind == auth_pb2.SYSTEM:
        print_line((await directory.create_principal(principal, "")).name)
        return
    chosen = choose_password(options.password_file)
    created = await directory.create_principal(principal, chosen.password)
    print_line(created.name)
    if chosen.made:
        print_line(f"password: {chosen.password}")


async def _set_password(directory: DirectoryClient, options: argparse.Namespace) -> None:
    principal = await directory.require_principal(options.username)
    chosen = choose_password(options.password_file)
    await directory.set_password(principal.name, chosen.password)
    if chosen.made:
        print_line(f"password: {chosen.password}")


async def _create_region(directory: DirectoryClient, region: auth_pb2.Region, *, if_missing: bool) -> None:
    try:
        created = await directory.create_region(region)
    except AlreadyExistsError:
        if not if_missing:
            raise
    else:
        print_line(created.name)
