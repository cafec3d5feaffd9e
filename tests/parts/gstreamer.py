"""A GStreamer RTSP server: cameras that we have not written."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.parts.part import PartMissingError, apt_install, machine_lock, run

PYTHON = Path("/usr/bin/python3")
"""The system's own, for which distributions build `gi`."""

PACKAGES = (
    "python3-gi",
    "gir1.2-gst-rtsp-server-1.0",
    "gstreamer1.0-rtsp",
    "gstreamer1.0-plugins-base",
    "gstreamer1.0-plugins-good",
    "gstreamer1.0-plugins-bad",
    "gstreamer1.0-plugins-ugly",
    "gstreamer1.0-libav",
    "gstreamer1.0-x",
)
_SCRIPT = Path(__file__).parent / "gstreamer_server.py"


@dataclass(frozen=True)
class RtspServer:
    """Serves `h264`, `h264-aac`, `-g722` and `-g726`, and `h265-pcma`: live, 640x360, 25 frames/s.

    There is a clock in the picture.
    """

    port: int
    user: str = ""
    password: str = ""

    def url(self, stream: str) -> str:
        """The URL of a stream, with the credentials it wants."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"rtsp://{login}127.0.0.1:{self.port}/{stream}"


def find_gstreamer() -> Path:
    """The Python that runs the server. Raises PartMissingError."""
    try:
        run(PYTHON, _SCRIPT, "--check", timeout_s=60)
    except PartMissingError:
        with machine_lock("gstreamer"):
            apt_install(PACKAGES)
        run(PYTHON, _SCRIPT, "--check", timeout_s=60)
    return PYTHON


@contextmanager
def run_gstreamer(
    python: Path, *, user: str = "", password: str = "", auth: str = "digest"
) -> Iterator[RtspServer]:
    """A server while the context is open; with `user` it wants Digest (RFC 7616) or Basic credentials."""
    login = ["--user", user, "--password", password, "--auth", auth] if user else []
    with subprocess.Popen(
        [str(python), str(_SCRIPT), *login], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = process.stdout.readline()
            if not port:
                raise PartMissingError("the GStreamer server did not start")
            yield RtspServer(int(port), user, password)
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
