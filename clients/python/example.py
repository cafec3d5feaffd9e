"""An example of a platform that gets live pictures, recordings and evidence through the police's door.

It needs Snowlight's wheel alone, for the messages: `snowlight.api.access.v1`. `door` says who calls, and what
to do when a call is refused or breaks off; each other file has one subject.
"""

import argparse
import sys
from io import TextIOWrapper
from pathlib import Path

import grpc
from audit import print_access
from cameras import CameraWatch, print_cameras, print_regions
from door import connect, read_refusal
from exports import download, export
from google.protobuf.timestamp_pb2 import Timestamp
from grants import print_grants, request_grant
from holds import create_hold, print_holds, release_hold
from pictures import get_snapshot, print_timeline, stream_recording, watch_live

from snowlight.api.access.v1 import (
    audit_pb2_grpc,
    camera_pb2_grpc,
    evidence_pb2_grpc,
    grant_pb2,
    grant_pb2_grpc,
    media_pb2_grpc,
)

_COMMANDS = {
    "regions": "",
    "cameras": "[region] [filter]",
    "watch": "[region] [seconds]",
    "live": "camera [seconds] out",
    "snapshot": "camera [time] out",
    "timeline": "camera start end",
    "recording": "camera start end out",
    "export": "camera start end out",
    "download": "export out",
    "hold": "camera start end [reason] [expire]",
    "holds": "[camera]",
    "release": "hold [reason]",
    "grant": "kind camera [actions] [hours] [reason] [start] [end]",
    "grants": "",
    "access": "[camera] [start] [end]",
}
"""Each with its options; of those in brackets the door says where one is missing."""


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-door", required=True, metavar="HOST:PORT")
    for name, text in (
        ("ca", "who vouches for the door"),
        ("cert", "the client's chain"),
        ("key", "its key"),
    ):
        parser.add_argument(f"-{name}", required=True, type=Path, help=text)
    for name in ("officer", "unit", "incident"):
        parser.add_argument(f"-{name}", default="")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, options in _COMMANDS.items():
        command = commands.add_parser(name)
        for option in options.split():
            _add_option(command, option.strip("[]"), required=not option.startswith("["))
    return parser.parse_args()


def _add_option(command: argparse.ArgumentParser, name: str, *, required: bool) -> None:
    match name:
        case "seconds":
            command.add_argument("-seconds", type=float, default=10.0)
        case "hours":
            command.add_argument("-hours", type=float, default=0.0, help="how long a grant is to hold")
        case "out":
            command.add_argument("-out", type=Path, required=required)
        case "start" | "end" | "time" | "expire":
            command.add_argument(f"-{name}", type=_instant, required=required, help="RFC 3339")
        case "kind":
            command.add_argument("-kind", choices=grant_pb2.Grant.Kind.keys(), required=required)
        case "actions":
            command.add_argument("-actions", type=_actions, default=(), help="LIVE,PLAYBACK,SNAPSHOT,EXPORT")
        case "camera":
            several = "cameras/{id}; of an export or a grant several with commas"
            command.add_argument("-camera", default="", required=required, help=several)
        case _:
            command.add_argument(f"-{name}", default="", required=required)


def _instant(text: str) -> Timestamp:
    instant = Timestamp()
    instant.FromJsonString(text)
    return instant


def _actions(text: str) -> list[grant_pb2.Grant.Action.ValueType]:
    return [grant_pb2.Grant.Action.Value(word) for word in text.split(",")]


def _carry_out(options: argparse.Namespace, channel: grpc.Channel) -> None:
    cameras = camera_pb2_grpc.CamerasStub(channel)
    pictures = media_pb2_grpc.MediaStub(channel)
    evidence = evidence_pb2_grpc.EvidenceStub(channel)
    grants = grant_pb2_grpc.GrantsStub(channel)
    match options.command:
        case "regions":
            print_regions(cameras)
        case "cameras":
            print_cameras(cameras, options.region, options.filter)
        case "watch":
            CameraWatch(cameras, options.region).print(options.seconds)
        case "live":
            watch_live(pictures, options.camera, options.out, options.seconds)
        case "snapshot":
            get_snapshot(pictures, options.camera, options.out, options.time)
        case "timeline":
            print_timeline(pictures, options.camera, options.start, options.end)
        case "recording":
            stream_recording(pictures, options.camera, options.out, options.start, options.end)
        case "export":
            export(evidence, options.camera.split(","), options.out, options.start, options.end)
        case "download":
            download(evidence, options.export, options.out)
        case "hold":
            window = (options.start, options.end)
            create_hold(evidence, options.camera, *window, options.reason, options.expire)
        case "holds":
            print_holds(evidence, options.camera)
        case "release":
            release_hold(evidence, options.hold, options.reason)
        case "grant":
            request_grant(grants, _wish(options))
        case "grants":
            print_grants(grants)
        case "access":
            audit = audit_pb2_grpc.AuditStub(channel)
            print_access(audit, options.camera, options.start, options.end)


def _wish(options: argparse.Namespace) -> grant_pb2.Grant:
    return grant_pb2.Grant(
        kind=grant_pb2.Grant.Kind.Value(options.kind),
        cameras=options.camera.split(","),
        actions=options.actions,
        window_start_time=options.start,
        window_end_time=options.end,
        reason=options.reason,
        duration_s=round(options.hours * 3600),
    )


def main() -> None:
    """Carry out what the command line says."""
    options = _read_options()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # who reads it through a pipe hears of it at once too
    with connect(options) as channel:
        try:
            _carry_out(options, channel)
        except grpc.RpcError as error:
            sys.exit(str(read_refusal(error)))


if __name__ == "__main__":
    main()
