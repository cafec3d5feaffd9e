"""MediaMTX serves what others publish: from $MEDIAMTX_BIN, PATH, or built with Go once and kept."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from simulator.ports import free_port
from tests.parts.go import find_go
from tests.parts.part import CACHE, PartMissingError, listening, machine_lock, run

MODULE = "github.com/bluenviron/mediamtx@v1.20.1"
BUILD_TIMEOUT_S = 1800
_BUILT = CACHE / "mediamtx" / "mediamtx"
_GENERATED = {"internal/core/VERSION": "v1.20.1", "internal/servers/hls/hls.min.js": ""}
"""What its sources embed and its module does not hold; the script is for a page that nobody opens here."""


@dataclass(frozen=True)
class MediaMtx:
    """Passes on what is published at any path of 127.0.0.1, by TCP and UDP; `user` is who may play."""

    port: int
    user: str = ""
    password: str = ""

    def publish_url(self, path: str) -> str:
        """Where a stream is published, by anybody."""
        return f"rtsp://127.0.0.1:{self.port}/{path}"

    def url(self, path: str) -> str:
        """Where it is played, with the credentials that are wanted."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@" if self.user else ""
        return f"rtsp://{login}127.0.0.1:{self.port}/{path}"


def find_mediamtx() -> Path:
    """The program. Raises PartMissingError."""
    named = os.environ.get("MEDIAMTX_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise PartMissingError(f"MEDIAMTX_BIN={named} is no program")
        return Path(named).absolute()
    on_path = shutil.which("mediamtx")
    if on_path:
        return Path(on_path)
    with machine_lock("mediamtx"):
        if not _BUILT.exists():
            _build(find_go())
    return _BUILT


def _build(go: Path) -> None:
    """From a copy of the module, with the files that its release script makes."""
    environment = {**os.environ, "GOFLAGS": "-modcacherw", "CGO_ENABLED": "0"}
    with tempfile.TemporaryDirectory(prefix="snowlight-mediamtx-") as folder:
        sources = Path(folder) / "sources"
        shutil.copytree(_downloaded(go, environment), sources, copy_function=shutil.copyfile)
        for name, text in _GENERATED.items():
            (sources / name).write_text(text, encoding="utf-8")
        made = Path(folder) / "mediamtx"
        command = (go, "build", "-ldflags=-s -w", "-o", made, ".")
        run(*command, timeout_s=BUILD_TIMEOUT_S, env=environment, folder=sources)
        _BUILT.parent.mkdir(parents=True, exist_ok=True)
        partial = _BUILT.with_suffix(".partial")
        shutil.copy(made, partial)
        partial.rename(_BUILT)


def _downloaded(go: Path, environment: dict[str, str]) -> Path:
    """The module's folder in Go's cache, which is nobody's to write."""
    command = [str(go), "mod", "download", "-json", MODULE]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        return Path(json.loads(done.stdout)["Dir"])
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        raise PartMissingError(f"{MODULE} cannot be downloaded: {error}") from error


@contextmanager
def run_mediamtx(
    program: Path, *, user: str = "", password: str = "", auth: str = "digest"
) -> Iterator[MediaMtx]:
    """A server while the context is open; with `user` it wants Digest or Basic credentials of who plays."""
    server = MediaMtx(free_port(), user, password)
    with tempfile.TemporaryDirectory(prefix="snowlight-mediamtx-") as name:
        folder = Path(name)
        settings = folder / "mediamtx.yml"
        settings.write_text(_settings(server, auth), encoding="utf-8")
        with listening([program, settings], server.port, folder):
            yield server


def _settings(server: MediaMtx, auth: str) -> str:
    """Every value is JSON, which YAML holds."""
    rtp = _free_pair()
    who = {"user": server.user or "any", "pass": server.password, "permissions": [{"action": "read"}]}
    publisher = {"user": "any", "permissions": [{"action": "publish"}]}
    settings = {
        "logLevel": "warn",
        "rtspAddress": f"127.0.0.1:{server.port}",
        "rtspTransports": ["tcp", "udp"],
        "rtpAddress": f"127.0.0.1:{rtp}",
        "rtcpAddress": f"127.0.0.1:{rtp + 1}",
        "rtspAuthMethods": [auth],
        "authInternalUsers": [publisher, who],
        "paths": {"all_others": {}},
        **dict.fromkeys(("rtmp", "hls", "webrtc", "srt", "moq"), False),
    }
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in settings.items())


def _free_pair() -> int:
    """An even UDP port of 127.0.0.1 that is free as the next one is (RFC 3550, 11)."""
    while True:
        even = free_port() & ~1
        with suppress(OSError), ExitStack() as probes:
            for port in (even, even + 1):
                probe = probes.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                probe.bind(("127.0.0.1", port))
            return even
