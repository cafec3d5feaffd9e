"""An example of a platform that gets live pictures, recordings and evidence through the police's door.

It needs Snowlight's wheel alone, for the messages: `snowlight.api.access.v1`.
"""

import argparse
import sys
import time
import uuid
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import grpc
from door import connect, keep_on, read_refusal
from google.protobuf.timestamp_pb2 import Timestamp

from snowlight.api.access.v1 import (
    camera_pb2,
    camera_pb2_grpc,
    evidence_pb2,
    evidence_pb2_grpc,
    media_pb2,
    media_pb2_grpc,
)


class Movie:
    """A file that plays: the init section, then the fragments as they come.

    Where the camera changes what it sends, or its media times begin anew, another file begins: gate.mp4,
    gate-2.mp4.
    """

    def __init__(self, path: Path) -> None:
        self.length_s = 0.0
        self.resume_token = ""
        self._path = path
        self._open = ExitStack()
        self._file: BinaryIO | None = None
        self._files = 0
        self._init = b""
        self._anew = False
        self._first = ""

    def take(self, told: Any) -> None:
        """What one answer of WatchLive or StreamRecording brought."""
        match told.WhichOneof("event"):
            case "description" if self._anew or self._init != told.description.init_section:
                self._begin(told.description)
            case "fragment" if self._file is not None:
                self._anew = False
                self._first = self._first or told.fragment.start_time.ToJsonString()
                self.length_s += told.fragment.duration_ms / 1000
                self.resume_token = told.fragment.resume_token
                self._file.write(told.fragment.data)
            case "discontinuity":
                hole = told.discontinuity
                self._anew = hole.reason in (media_pb2.Discontinuity.SOURCE, media_pb2.Discontinuity.GAP)
                print(f"discontinuity: {media_pb2.Discontinuity.Reason.Name(hole.reason)} {hole.cause}")

    def _begin(self, description: media_pb2.Description) -> None:
        self._open.close()
        self._files += 1
        path = self._path
        if self._files > 1:
            path = path.with_stem(f"{path.stem}-{self._files}")
        self._file = self._open.enter_context(path.open("wb"))
        self._init = description.init_section
        self._file.write(self._init)
        print(f"{path}: {description.codecs}, {description.width}x{description.height}")

    def close(self) -> None:
        """The file is whole."""
        self._open.close()

    def __str__(self) -> str:
        return f"{self.length_s:.3f} s from {self._first}"


def print_cameras(stub: camera_pb2_grpc.CamerasStub, region: str, words: str) -> None:
    """Of all pages, a line each."""
    request = camera_pb2.ListCamerasRequest(region=region, filter=words)
    while True:
        answer = stub.ListCameras(request)
        for camera in answer.cameras:
            state = camera_pb2.CameraState.Name(camera.state)
            print(camera.name, state, camera.region, camera.display_name, sep="\t")
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


def watch_live(stub: media_pb2_grpc.MediaStub, camera: str, path: Path, seconds: float) -> None:
    """Write so much of the live pictures to a file, through breaks of the connection."""
    movie = Movie(path)
    begun = time.monotonic()

    def attempt() -> None:
        request = media_pb2.WatchLiveRequest(
            camera=camera,
            packaging=media_pb2.PACKAGING_FRAGMENTS,
            purpose="example",
            resume_token=movie.resume_token,
        )
        call = stub.WatchLive(request)
        for told in call:
            if not movie.length_s and told.HasField("fragment"):
                print(f"first picture after {(time.monotonic() - begun) * 1000:.0f} ms")
            movie.take(told)
            if movie.length_s >= seconds:
                call.cancel()
                return

    keep_on(attempt, lambda: movie.length_s)
    movie.close()
    print(f"live: {movie}")


def stream_recording(
    stub: media_pb2_grpc.MediaStub, camera: str, path: Path, start: Timestamp, end: Timestamp
) -> None:
    """Write what was recorded in [start, end) to a file, through breaks of the connection."""
    movie = Movie(path)

    def attempt() -> None:
        request = media_pb2.StreamRecordingRequest(
            camera=camera,
            start_time=start,
            end_time=end,
            packaging=media_pb2.PACKAGING_FRAGMENTS,
            purpose="example",
            resume_token=movie.resume_token,
        )
        for told in stub.StreamRecording(request):
            movie.take(told)

    keep_on(attempt, lambda: movie.length_s)
    movie.close()
    print(f"recording: {movie}")


def print_timeline(stub: media_pb2_grpc.MediaStub, camera: str, start: Timestamp, end: Timestamp) -> None:
    """What of [start, end) was recorded, and why the rest was not."""
    request = media_pb2.GetTimelineRequest(camera=camera, start_time=start, end_time=end)
    timeline = stub.GetTimeline(request)
    parts: Iterable[tuple[str, Any]] = (
        *(("recorded", span) for span in timeline.spans),
        *((gap.cause, gap) for gap in timeline.gaps),
    )
    for what, part in parts:
        print(what, part.start_time.ToJsonString(), part.end_time.ToJsonString(), sep="\t")


def export(
    stub: evidence_pb2_grpc.EvidenceStub, cameras: list[str], path: Path, start: Timestamp, end: Timestamp
) -> None:
    """Have a package made of the cameras' footage of [start, end), follow it, bring it home as a ZIP file."""
    request = evidence_pb2.CreateExportRequest(
        cameras=cameras,
        start_time=start,
        end_time=end,
        reason="example",
        request_id=str(uuid.uuid4()),  # the same at each attempt: a lost answer makes no second export
    )
    newest = evidence_pb2.Export()
    keep_on(lambda: newest.CopyFrom(stub.CreateExport(request)), lambda: 0)
    name = newest.name

    def follow() -> None:
        for told in stub.WatchExport(evidence_pb2.WatchExportRequest(name=name)):
            newest.CopyFrom(told)
            print(f"{name}: {evidence_pb2.Export.State.Name(told.state)} {told.percent} %")

    keep_on(follow, lambda: newest.percent)
    if newest.state != evidence_pb2.Export.SUCCEEDED:
        sys.exit(f"{name} is {evidence_pb2.Export.State.Name(newest.state)}: {newest.error}")
    with path.open("wb") as file:

        def download() -> None:
            wanted = evidence_pb2.DownloadExportRequest(name=name, offset=file.tell())
            for told in stub.DownloadExport(wanted):
                file.write(told.data)

        keep_on(download, file.tell)
        print(f"{path}: {file.tell()} bytes")


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
    commands.add_parser("regions")
    cameras = commands.add_parser("cameras")
    cameras.add_argument("-region", default="")
    cameras.add_argument("-filter", default="")
    live = commands.add_parser("live")
    live.add_argument("-seconds", type=float, default=10)
    window = [commands.add_parser(name) for name in ("timeline", "recording", "export")]
    for command in (live, *window):
        command.add_argument("-camera", required=True, help="cameras/{id}; of an export several with commas")
    for command in window:
        command.add_argument("-start", required=True, type=_instant)
        command.add_argument("-end", required=True, type=_instant)
    for command in (live, *window[1:]):
        command.add_argument("-out", required=True, type=Path)
    return parser.parse_args()


def _instant(text: str) -> Timestamp:
    instant = Timestamp()
    instant.FromJsonString(text)
    return instant


def _carry_out(options: argparse.Namespace, channel: grpc.Channel) -> None:
    cameras = camera_pb2_grpc.CamerasStub(channel)
    pictures = media_pb2_grpc.MediaStub(channel)
    evidence = evidence_pb2_grpc.EvidenceStub(channel)
    match options.command:
        case "regions":
            for region in cameras.ListRegions(camera_pb2.ListRegionsRequest()).regions:
                print(region.name, region.display_name, sep="\t")
        case "cameras":
            print_cameras(cameras, options.region, options.filter)
        case "live":
            watch_live(pictures, options.camera, options.out, options.seconds)
        case "timeline":
            print_timeline(pictures, options.camera, options.start, options.end)
        case "recording":
            stream_recording(pictures, options.camera, options.out, options.start, options.end)
        case "export":
            export(evidence, options.camera.split(","), options.out, options.start, options.end)


def main() -> None:
    """Carry out what the command line says."""
    options = _read_options()
    with connect(options) as channel:
        try:
            _carry_out(options, channel)
        except grpc.RpcError as error:
            sys.exit(str(read_refusal(error)))


if __name__ == "__main__":
    main()
