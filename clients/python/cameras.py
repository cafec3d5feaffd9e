"""What there is to see, a line each, and what changes of it."""

import time

import grpc
from door import keep_on

from snowlight.api.access.v1 import camera_pb2, camera_pb2_grpc


def print_regions(stub: camera_pb2_grpc.CamerasStub) -> None:
    """Those that the client may know of."""
    for region in stub.ListRegions(camera_pb2.ListRegionsRequest()).regions:
        print(region.name, region.display_name, sep="\t")


def print_cameras(stub: camera_pb2_grpc.CamerasStub, region: str, words: str) -> None:
    """Of all pages."""
    request = camera_pb2.ListCamerasRequest(region=region, filter=words)
    while True:
        answer = stub.ListCameras(request)
        for camera in answer.cameras:
            _print_camera(camera)
        if not answer.next_page_token:
            return
        request.page_token = answer.next_page_token


class CameraWatch:
    """Each camera as it is, and what changes of them."""

    def __init__(self, stub: camera_pb2_grpc.CamerasStub, region: str) -> None:
        self._stub = stub
        self._region = region
        self._resume_token = ""
        self._told = 0

    def print(self, seconds: float) -> None:
        """For so long, through breaks of the connection."""
        end = time.monotonic() + seconds

        def attempt() -> None:
            try:
                self._follow(max(0.0, end - time.monotonic()))
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise

        keep_on(attempt, lambda: self._told)

    def _follow(self, seconds: float) -> None:
        request = camera_pb2.WatchCamerasRequest(region=self._region, resume_token=self._resume_token)
        for told in self._stub.WatchCameras(request, timeout=seconds):
            self._told += 1
            self._resume_token = told.resume_token  # none between `reset` and `synced`
            match told.WhichOneof("event"):
                case "reset" | "synced" as event:  # after `reset`, what was printed before counts no more
                    print(event)
                case "camera":
                    _print_camera(told.camera)
                case "deleted":
                    print("deleted", told.deleted.name, sep="\t")


def _print_camera(camera: camera_pb2.Camera) -> None:
    state = camera_pb2.CameraState.Name(camera.state)
    print(camera.name, state, camera.region, camera.display_name, sep="\t")
