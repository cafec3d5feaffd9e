"""Programs that serve: a gateway with all behind it, MediaMTX, and nginx with copies of what they send."""

import asyncio
import json
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from bench.processes import running, wait_for_port
from bench.registration import register_cameras
from simulator.ports import free_port
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.rpc.channel import open_channel

BEHIND_CORE, TESTED_CORE = 0, 1
CLUSTER_KEY = "a key for the length of one benchmark"
_PASSWORD = "a password for benchmarks"
_URI = re.compile(r'URI="([^"]+)"')
_READY_S = 90.0
_NEWEST = 4
_NO_SEGMENT = "gap.mp4"  # what MediaMTX lists before its first segments


@dataclass(frozen=True)
class Program:
    """A server and where it serves each camera's live playlist."""

    pids: tuple[int, ...]
    media_playlists: Mapping[str, Sequence[str]]
    """URLs by the camera's source: one, or one for each who has signed in."""


@dataclass(frozen=True)
class Cluster:
    """The four services."""

    pids: Mapping[str, int]
    """By service."""
    addresses: Mapping[str, str]
    """By service, "host:port"."""
    footage: Path
    """Storage's folder of objects."""

    @property
    def root(self) -> str:
        """The gateway's URL."""
        return f"http://{self.addresses['gateway']}"


@contextmanager
def cluster(
    folder: Path, role: auth_pb2.Role.ValueType, settings: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """A gateway on a core of its own, the other services on another, and a person of that role. `settings`:
    that all are told beside the usual ones."""
    names = ("auth", "ingest", "storage", "gateway")
    addresses = {name: f"127.0.0.1:{free_port()}" for name in names}
    data_dir = folder / "snowlight"
    env = {
        "SNOWLIGHT_DATA_DIR": str(data_dir),
        "SNOWLIGHT_CLUSTER_KEY": CLUSTER_KEY,
        "SNOWLIGHT_LOG_LEVEL": "warning",
        "SNOWLIGHT_ADMIN_LISTEN": "127.0.0.1:0",
        "SNOWLIGHT_INGEST_SOURCE_NETWORKS": "127.0.0.0/8",
        "PYTHONPATH": str(Path.cwd()),
        **{f"SNOWLIGHT_{name.upper()}_ADDRESS": addresses[name] for name in names},
        **{f"SNOWLIGHT_{name.upper()}_LISTEN": addresses[name] for name in names},
        **(settings or {}),
    }
    log = folder / "snowlight.log"
    with ExitStack() as stack:
        pids = {}
        for name in names:
            core = TESTED_CORE if name == "gateway" else BEHIND_CORE
            command = [sys.executable, "-m", "services", name]
            pids[name] = stack.enter_context(running(command, core=core, log=log, env=env)).pid
            wait_for_port(addresses[name])
        asyncio.run(_add_person(addresses["auth"], role))
        yield Cluster(pids, addresses, data_dir / "footage")


@contextmanager
def gateway(folder: Path, sources: list[str], *, viewers: int = 1) -> Iterator[Program]:
    """A gateway on a core of its own, the other services on another, and so many people."""
    with serving_site(folder, sources, {}, viewers=viewers) as (_, program):
        yield program


@contextmanager
def serving_site(
    folder: Path, sources: list[str], settings: Mapping[str, str], *, viewers: int = 1
) -> Iterator[tuple[Cluster, Program]]:
    """The same, with the services behind the gateway; all are told `settings` too."""
    with cluster(folder, auth_pb2.VIEWER, settings) as site:
        asyncio.run(register_cameras(site.addresses["ingest"], CLUSTER_KEY, sources))
        signed_in = [_live_playlists(site.root, len(sources)) for _ in range(viewers)]
        playlists = {
            source: tuple(urljoin(each[number], "live/media.m3u8") for each in signed_in)
            for number, source in enumerate(sources)
        }
        yield site, Program((site.pids["gateway"],), playlists)


@contextmanager
def mediamtx(folder: Path, sources: list[str]) -> Iterator[Program]:
    """MediaMTX (`MEDIAMTX_BIN`), low-latency HLS of all sources, with segments and parts as long as ours."""
    port = free_port()
    settings = folder / "mediamtx-hls.yml"
    lines = [
        "logLevel: warn",
        *(f"{server}: no" for server in ("rtsp", "rtmp", "webrtc", "srt", "api", "metrics")),
        "hls: yes",
        f"hlsAddress: 127.0.0.1:{port}",
        "hlsVariant: lowLatency",
        "hlsAlwaysRemux: yes",
        "hlsSegmentDuration: 2s",
        "hlsPartDuration: 500ms",
        "paths:",
    ]
    for number, source in enumerate(sources):
        lines += [f"  m{number}:", f"    source: {source}", "    rtspTransport: tcp"]
    settings.write_text("\n".join(lines) + "\n")
    command = [str(Path(os.environ["MEDIAMTX_BIN"]).absolute()), str(settings)]
    with running(command, core=TESTED_CORE, log=folder / "mediamtx.log") as process:
        wait_for_port(f"127.0.0.1:{port}")
        roots = {
            source: f"http://127.0.0.1:{port}/m{number}/index.m3u8" for number, source in enumerate(sources)
        }
        yield Program((process.pid,), {source: (_variant(root),) for source, root in roots.items()})


@contextmanager
def nginx(folder: Path, bodies: Mapping[str, bytes]) -> Iterator[tuple[int, dict[str, str]]]:
    """nginx with one process that sends `bodies` from files: its process, and URLs by name."""
    port, files = free_port(), folder / "nginx"
    files.mkdir()
    for name, body in bodies.items():
        (files / name).write_bytes(body)
    settings = folder / "nginx.conf"
    settings.write_text(
        "daemon off; master_process off; error_log stderr; pid nginx.pid;\n"
        "events { worker_connections 1024; }\n"
        "http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;\n"
        "open_file_cache max=100;\n"
        f"server {{ listen 127.0.0.1:{port}; root {files}; }} }}\n"
    )
    command = ["nginx", "-p", str(folder), "-c", str(settings)]
    with running(command, core=TESTED_CORE, log=folder / "nginx.log") as process:
        wait_for_port(f"127.0.0.1:{port}")
        yield process.pid, {name: f"http://127.0.0.1:{port}/{name}" for name in bodies}


def listed(playlist_url: str, kind: str, size: int) -> str:
    """The URL of the segment or part in a live playlist whose size is nearest to `size` bytes; of the newest
    ones, which stay for a while."""
    lines = get(playlist_url).decode().splitlines()
    if kind == "segment":
        uris = [line for line in lines if line and not line.startswith("#") and line != _NO_SEGMENT]
    else:
        uris = [
            found[1] for line in lines if line.startswith("#EXT-X-PART:") and (found := _URI.search(line))
        ]
    urls = [urljoin(playlist_url, uri) for uri in uris[-_NEWEST:]]
    return min(urls, key=lambda url: abs(len(get(url)) - size))


def get(url: str) -> bytes:
    """The body, asked for until it is there. Raises TimeoutError."""
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return bytes(answer.read())
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{url.rpartition('/')[2]} is not served") from error
            time.sleep(0.5)


def sign_in(root: str) -> str:
    """An access token of the benchmark's person. Raises urllib.error.URLError."""
    form = f"grant_type=password&username=bench&password={_PASSWORD.replace(' ', '+')}"
    return str(_post(f"{root}/v1/token", form.encode(), {})["access_token"])


def _variant(url: str) -> str:
    """The media playlist that a multivariant playlist names."""
    lines = get(url).decode().splitlines()
    return urljoin(url, next(line for line in lines if line and not line.startswith("#")))


def tickets(root: str, wanted: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """A ticket for each of these, for somebody who has just signed in; asked for until auth and the gateway
    know all cameras. Raises TimeoutError."""
    deadline = time.monotonic() + _READY_S
    while True:
        try:
            headers = {"Authorization": f"Bearer {sign_in(root)}", "Content-Type": "application/json"}
            body = json.dumps({"requests": wanted}).encode()
            found: list[dict[str, Any]] = _post(f"{root}/v1/tickets:batchCreate", body, headers)["tickets"]
            if all("urls" in ticket for ticket in found):
                return found
        except (urllib.error.URLError, ConnectionError):
            pass
        if time.monotonic() > deadline:
            raise TimeoutError("the gateway gives no tickets")
        time.sleep(0.5)


def _live_playlists(root: str, cameras: int) -> list[str]:
    wanted = [{"camera": f"cameras/bench-{number}", "action": "live"} for number in range(cameras)]
    return [urljoin(root, ticket["urls"]["hls"]) for ticket in tickets(root, wanted)]


def _post(url: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


async def _add_person(auth_address: str, role: auth_pb2.Role.ValueType) -> None:
    tokens = ServiceTokens(ClusterKey(CLUSTER_KEY), "admin", SystemClock())
    async with open_channel(auth_address, tokens, TlsSettings()) as channel:
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)
        region = auth_pb2.Region(name="regions/421381", level=auth_pb2.COUNTY, display_name="Guangshui")
        await directory.CreateRegion(auth_pb2.CreateRegionRequest(region=region))
        person = auth_pb2.Principal(
            username="bench", line=auth_pb2.GOVERNMENT, roles=[role], scope="regions/421381"
        )
        await directory.CreatePrincipal(auth_pb2.CreatePrincipalRequest(principal=person, password=_PASSWORD))
