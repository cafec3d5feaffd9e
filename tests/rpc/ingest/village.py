"""A village's only camera, and what viewers and the ledger are told of it."""

from simulator.camera import Camera
from simulator.loop.parameters import LoopParameters, Profile
from simulator.rtsp.authentication import Credentials
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.media.fragment import Fragment, InitSection
from tests.rpc.ingest.cluster import Client

GATE = Camera(
    "gate",
    LoopParameters(
        "柳林村 村口", "Liulin gate", profile=Profile.H264, width=320, height=180, bit_rate=200_000
    ),
    credentials=Credentials("admin", "p@ss:雪亮"),
)


async def fragments(
    client: Client, uid: str, count: int, rendition: str = ""
) -> tuple[InitSection, list[Fragment]]:
    """What a new viewer receives: the init section and so many fragments after it.

    Of the session that comes next, where one ends before: a camera of a busy machine may connect again.
    """
    watching = client.watch(uid, rendition)
    init = await anext(watching)
    assert isinstance(init, InitSection)
    received: list[Fragment] = []
    async for event in watching:
        if isinstance(event, InitSection):
            init, received = event, []
            continue
        received.append(event)
        if len(received) == count:
            break
    await watching.aclose()  # type: ignore[attr-defined]
    return init, received


def later_gaps(status: camera_pb2.CameraStatus, camera: camera_pb2.Camera) -> list[camera_pb2.CameraGap]:
    """All gaps, newest first, but the one from the camera's creation to its first picture."""
    first = [gap for gap in status.gaps if gap.start == camera.create_time]
    assert [gap.cause for gap in first] in ([], ["camera_offline"])
    return [gap for gap in status.gaps if gap.start != camera.create_time]
