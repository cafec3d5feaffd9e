"""Live and recorded pictures of one camera."""

import time
from pathlib import Path

from door import keep_on
from google.protobuf.timestamp_pb2 import Timestamp
from movie import Movie

from snowlight.api.access.v1 import media_pb2, media_pb2_grpc


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
    for span in timeline.spans:
        print("recorded", span.start_time.ToJsonString(), span.end_time.ToJsonString(), sep="\t")
    for gap in timeline.gaps:
        print(gap.cause, gap.start_time.ToJsonString(), gap.end_time.ToJsonString(), sep="\t")


def get_snapshot(stub: media_pb2_grpc.MediaStub, camera: str, path: Path, taken: Timestamp | None) -> None:
    """Write one picture to a file: what was shown at that instant, or the newest where there is none."""
    request = media_pb2.GetSnapshotRequest(camera=camera, time=taken, purpose="example")
    snapshot = stub.GetSnapshot(request)
    path.write_bytes(snapshot.jpeg)
    print(f"{path}: {len(snapshot.jpeg)} bytes, taken {snapshot.time.ToJsonString()}")
