"""Auth as a process of its own, with people, regions and cameras, for benchmarks."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.processes import running
from simulator.ports import free_port
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc, revocation_pb2_grpc
from snowlight.api.ingest.v1 import camera_pb2, camera_pb2_grpc
from snowlight.config import ClusterSettings, TlsSettings
from snowlight.errors import SnowlightError
from snowlight.rpc.channel import open_channel
from snowlight.rpc.server import Servicer
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime, build_runtime

PEOPLE = 100
VILLAGES = 100
CAMERAS = 2_000
AUTH_CORE = 0
_PASSWORD = "a password for benchmarks"


@dataclass(frozen=True)
class AuthUnderTest:
    """A running auth."""

    pid: int
    runtime: Runtime
    access: "auth_pb2_grpc.AccessAsyncStub"
    administration: "revocation_pb2_grpc.RevocationsAsyncStub"
    tokens: list[str]
    """Access tokens of a hundred people."""
    cameras: list[str]
    channels: AsyncExitStack

    def revocations(self, count: int) -> Sequence["revocation_pb2_grpc.RevocationsAsyncStub"]:
        """Stubs with a connection each, as gateways have."""
        stubs: list[revocation_pb2_grpc.RevocationsAsyncStub] = []
        for number in range(count):
            channel = open_channel(
                self.runtime.cluster.auth_address,
                self.runtime.named("gateway").tokens,
                TlsSettings(),
                options=(("grpc.use_local_subchannel_pool", 1), ("snowlight.number", number)),
            )
            self.channels.push_async_callback(channel.close)
            stubs.append(revocation_pb2_grpc.RevocationsStub(channel))
        return stubs


class Cameras(camera_pb2_grpc.CameraRegistryServicer):
    """A registry that never changes."""

    def __init__(self, uids: Sequence[str]) -> None:
        self._uids = uids

    async def WatchCameras(  # noqa: N802
        self, request: camera_pb2.WatchCamerasRequest, context: Any
    ) -> AsyncIterator[camera_pb2.WatchCamerasResponse]:
        if request.revision == 0:
            for number, uid in enumerate(self._uids):
                yield camera_pb2.WatchCamerasResponse(
                    changed=camera_pb2.Camera(
                        name=f"cameras/{uid}",
                        uid=uid,
                        region=f"regions/{_village(number % VILLAGES)}",
                        ownership=camera_pb2.PUBLIC,
                        revision=number + 1,
                    )
                )
        yield camera_pb2.WatchCamerasResponse(synced=len(self._uids))
        await asyncio.Event().wait()


@asynccontextmanager
async def run_auth_process(folder: Path, database_url: str) -> AsyncIterator[AuthUnderTest]:
    """Run auth pinned to a core, the rest being somewhere else."""
    key = secrets.token_hex(32)
    ports = [free_port() for _ in range(3)]
    cluster = ClusterSettings(
        data_dir=folder,
        cluster_key=key,
        auth_address=f"127.0.0.1:{ports[0]}",
        ingest_address=f"127.0.0.1:{ports[1]}",
    )
    runtime = build_runtime("gateway", cluster)
    cameras = [secrets.token_hex(8) for _ in range(CAMERAS)]
    environment = {
        "SNOWLIGHT_CLUSTER_KEY": key,
        "SNOWLIGHT_DATA_DIR": str(folder),
        "SNOWLIGHT_INGEST_ADDRESS": cluster.ingest_address,
        "SNOWLIGHT_ADMIN_LISTEN": f"127.0.0.1:{ports[2]}",
        "SNOWLIGHT_AUTH_LISTEN": cluster.auth_address,
        "SNOWLIGHT_AUTH_DATABASE_URL": database_url,
        "SNOWLIGHT_AUTH_PASSWORD_MEMORY_KIB": "8192",
        "SNOWLIGHT_LOG_LEVEL": "warning",
        "PYTHONPATH": str(Path.cwd()),
    }
    registry = Servicer(
        "snowlight.api.ingest.v1.CameraRegistry",
        camera_pb2_grpc.add_CameraRegistryServicer_to_server,
        Cameras(cameras),  # type: ignore[abstract]  # the feed is all that auth asks
    )
    command = [sys.executable, "-m", "services.auth"]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(runtime.named("ingest").serve(cluster.ingest_address, registry))
        process = stack.enter_context(
            running(command, core=AUTH_CORE, log=folder / "auth.log", env=environment)
        )
        channel = await stack.enter_async_context(runtime.channel(cluster.auth_address))
        admin = await stack.enter_async_context(runtime.named("admin").channel(cluster.auth_address))
        tokens = await _people(channel, admin)
        yield AuthUnderTest(
            pid=process.pid,
            runtime=runtime,
            access=auth_pb2_grpc.AccessStub(channel),
            administration=revocation_pb2_grpc.RevocationsStub(admin),
            tokens=tokens,
            cameras=cameras,
            channels=stack,
        )


async def _people(channel: Any, admin: Any) -> list[str]:
    directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(admin)
    issuing: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(channel)
    await _until_up(directory)
    regions = [("421381", auth_pb2.COUNTY), ("421381101", auth_pb2.TOWN)]
    regions += [(_village(number), auth_pb2.VILLAGE) for number in range(VILLAGES)]
    for code, level in regions:
        region = auth_pb2.Region(name=f"regions/{code}", level=level, display_name=code)
        await directory.CreateRegion(auth_pb2.CreateRegionRequest(region=region))
    tokens = []
    for number in range(PEOPLE):
        principal = auth_pb2.Principal(
            username=f"person{number}",
            line=auth_pb2.GOVERNMENT,
            roles=[auth_pb2.VIEWER],
            scope="regions/421381",
        )
        await directory.CreatePrincipal(
            auth_pb2.CreatePrincipalRequest(principal=principal, password=_PASSWORD)
        )
        answer = await issuing.IssueToken(
            auth_pb2.IssueTokenRequest(
                grant_type="password",
                username=f"person{number}",
                password=_PASSWORD,
                remote_address=f"192.0.2.{number}",
            )
        )
        tokens.append(answer.access_token)
    return tokens


async def _until_up(directory: "auth_pb2_grpc.DirectoryAsyncStub") -> None:
    for _ in range(200):
        try:
            with remote_errors("services/auth"):
                await directory.ListRegions(auth_pb2.ListRegionsRequest())
                return
        except SnowlightError:
            await asyncio.sleep(0.1)
    raise TimeoutError("auth does not come up")


def _village(number: int) -> str:
    return f"421381101{number + 200:03d}"
