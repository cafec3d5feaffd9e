"""nginx with its RTMP module: an RTMP server that is not ours, to which tests publish."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulator.ports import free_port
from tests.parts.part import CACHE, apt_unpack, listening, machine_lock, run

PACKAGES = ("nginx", "libnginx-mod-rtmp")
_UNPACKED = CACHE / "nginx"
_MODULE = "usr/lib/nginx/modules/ngx_rtmp_module.so"
_CONFIGURATION = """\
daemon off;
master_process off;
load_module {module};
pid {folder}/pid;
events {{}}
rtmp {{
    log_format visits "$command $tcurl $name";
    access_log {folder}/visits visits;
    server {{
        listen 127.0.0.1:{port};
        application live {{
            live on;
            wait_key on;
            wait_video on;
            publish_notify on;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """The program, and the module that it loads."""

    program: Path
    module: Path


@dataclass(frozen=True)
class RtmpServer:
    """Passes on what is published at `live/` on 127.0.0.1."""

    port: int
    folder: Path
    """Of its log."""

    def url(self, stream: str, host: str = "127.0.0.1") -> str:
        """Where a stream is published and played."""
        return f"rtmp://{host}:{self.port}/live/{stream}"

    def visits(self) -> list[str]:
        """Sessions that are over, as "PLAY rtmp://host:port/live stream": what clients said they wanted."""
        return (self.folder / "visits").read_text(encoding="utf-8").splitlines()


def find_nginx() -> Nginx:
    """nginx on PATH with the module, or Debian's packages unpacked: installed, nginx would start to serve.

    Raises PartMissingError.
    """
    on_path = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if on_path and Path("/", _MODULE).exists():
        return Nginx(Path(on_path), Path("/", _MODULE))
    unpacked = Nginx(_UNPACKED / "usr/sbin/nginx", _UNPACKED / _MODULE)
    with machine_lock("nginx"):
        if not (unpacked.program.exists() and unpacked.module.exists()):
            apt_unpack(PACKAGES, _UNPACKED)
    run(unpacked.program, "-v", timeout_s=20)
    return unpacked


@contextmanager
def run_rtmp(nginx: Nginx) -> Iterator[RtmpServer]:
    """A server while the context is open."""
    folder = Path(tempfile.mkdtemp(prefix="snowlight-rtmp-"))
    server = RtmpServer(free_port(), folder)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(module=nginx.module, folder=folder, port=server.port), encoding="utf-8"
    )
    with listening([nginx.program, "-e", "stderr", "-p", folder, "-c", configuration], server.port, folder):
        yield server
    shutil.rmtree(folder, ignore_errors=True)
