"""Every camera that cannot be recorded, and what people shall be told of it."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

from simulator.camera import Camera
from simulator.faults import Faults
from simulator.loop.parameters import LoopParameters, Profile
from simulator.rtsp.authentication import Credentials, Scheme
from simulator.server import CameraServer

GOOD = ("gate", "bridge")
WITH_SOUND = LoopParameters("柳林村 村口", "Liulin gate")
SILENT = LoopParameters("柳林村 石桥", "Liulin bridge", profile=Profile.H264)


def served_cameras(password: str) -> tuple[Camera, ...]:
    """The cameras of the simulator, good and bad; those with a login want `password`."""
    digest = Credentials("admin", password, Scheme.DIGEST_QOP)
    basic = Credentials("admin", password, Scheme.BASIC)
    return (
        Camera("gate", WITH_SOUND, digest),
        Camera("bridge", SILENT),
        Camera("digest", WITH_SOUND, digest),
        Camera("basic", WITH_SOUND, basic),
        Camera("no-key-frame", SILENT, faults=Faults(no_key_frame=True)),
        Camera("no-parameter-sets", SILENT, faults=Faults(no_parameter_sets=True)),
        Camera("mpeg-4", SILENT, faults=Faults(unsupported_codec="MP4V-ES")),
        Camera("falls-silent", SILENT, faults=Faults(mute_after=3)),
        Camera("closes", SILENT, faults=Faults(close_every=3)),
    )


@dataclass(frozen=True)
class Places:
    """Where bad cameras are to be found."""

    server: CameraServer
    silent_port: int
    """Takes connections and says nothing."""
    refused_port: int
    """Nothing listens here."""
    site_port: int
    """Speaks HTTP, not RTSP."""
    password: str

    def rtsp(self, path: str, password: str = "") -> str:
        """A path of the simulator, with or without a login."""
        login = f"admin:{quote(password, safe='')}@" if password else ""
        return f"rtsp://{login}127.0.0.1:{self.server.port}/{path}"


@dataclass(frozen=True)
class BadCamera:
    """`code` and `sentence` (a pattern) are the state reason, `cause` the gap's."""

    id: str
    url: Callable[[Places], str]
    code: str
    sentence: str
    cause: str = "camera_offline"

    def explains(self, reason: str) -> bool:
        """Whether `reason` is what shall be told, to the letter."""
        return re.fullmatch(f"{re.escape(self.code)}: {self.sentence}", reason) is not None


BAD_CAMERAS = (
    BadCamera(
        "refused-port",
        lambda at: f"rtsp://admin:{quote(at.password, safe='')}@127.0.0.1:{at.refused_port}/live",
        "camera.unreachable",
        r"the connection to port \d+ was refused",
    ),
    BadCamera(
        "unknown-path",
        lambda at: at.rtsp("no-such-camera"),
        "camera.not_found",
        r"the camera does not know this path \(404\)",
    ),
    BadCamera(
        "unresolvable-host",
        lambda at: "rtsp://camera.invalid/live",
        "camera.unreachable",
        r"the name camera\.invalid does not resolve",
    ),
    BadCamera(
        "impossible-host",
        lambda at: f"rtsp://{'a' * 64}.example/live",
        "camera.unreachable",
        r"the name a{64}\.example does not resolve",
    ),
    BadCamera(
        "forbidden-network",
        lambda at: "rtsp://192.0.2.7/live",
        "camera.host_denied",
        r"192\.0\.2\.7 lies outside the allowed source networks",
        cause="network",
    ),
    BadCamera(
        "wrong-password-digest",
        lambda at: at.rtsp("digest", "not-" + at.password),
        "camera.auth_failed",
        "401 after Digest",
        cause="auth_failed",
    ),
    BadCamera(
        "wrong-password-basic",
        lambda at: at.rtsp("basic", "not-" + at.password),
        "camera.auth_failed",
        "401 after Basic",
        cause="auth_failed",
    ),
    BadCamera(
        "no-password",
        lambda at: at.rtsp("digest"),
        "camera.auth_failed",
        "401 and no credentials given",
        cause="auth_failed",
    ),
    BadCamera(
        "says-nothing",
        lambda at: f"rtsp://admin:{quote(at.password, safe='')}@127.0.0.1:{at.silent_port}/live",
        "camera.timeout",
        r"the camera did not answer OPTIONS within 10 s",
    ),
    BadCamera("falls-silent", lambda at: at.rtsp("falls-silent"), "camera.timeout", r"no video for 10 s"),
    BadCamera(
        "no-camera-at-all",
        lambda at: f"rtsp://127.0.0.1:{at.site_port}/live",
        "camera.protocol_error",
        "what answers does not speak RTSP",
        cause="network",
    ),
    BadCamera(
        "no-key-frame",
        lambda at: at.rtsp("no-key-frame"),
        "camera.no_key_frame",
        "no key frame within 15 s",
    ),
    BadCamera(
        "no-parameter-sets",
        lambda at: at.rtsp("no-parameter-sets"),
        "camera.no_parameter_sets",
        "parameter sets neither in the SDP nor in the stream",
        cause="network",
    ),
    BadCamera(
        "unsupported-codec",
        lambda at: at.rtsp("mpeg-4"),
        "camera.codec_unsupported",
        r"the video is MP4V-ES; H\.264 and H\.265 are carried",
        cause="network",
    ),
    BadCamera(
        "no-such-playlist",
        lambda at: f"http://admin:{quote(at.password, safe='')}@127.0.0.1:{at.site_port}/v1/none.m3u8",
        "camera.not_found",
        r"the server does not know this path \(404\)",
    ),
    BadCamera(
        "closes-every-3-s",
        lambda at: at.rtsp("closes"),
        "camera.closed",
        "the camera closed the connection",
    ),
)


@asynccontextmanager
async def tight_lipped() -> AsyncIterator[int]:
    """A host that takes every connection, reads, and says nothing. Gives its port."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.read(4096):
                pass
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])
