"""A service starts programs (renderers, transcoders, workers) while calls are on their way."""

import subprocess
import sys

_STARTS = """
import services
import asyncio, grpc, uvloop
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer

async def main():
    server = grpc.aio.server()
    health_pb2_grpc.add_HealthServicer_to_server(HealthServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    for _ in range(20):
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
            child = await asyncio.create_subprocess_exec("/bin/true")
            print(await child.wait(), (await answer).status == health_pb2.HealthCheckResponse.SERVING)
    await server.stop(None)

uvloop.run(main())
"""


def test_a_child_starts_and_grpc_does_nothing_about_it() -> None:
    """It tells of each fork that it handles: the end of one child in sixty, and of sockets of ours."""
    told = subprocess.run([sys.executable, "-c", _STARTS], capture_output=True, text=True, check=True)
    assert set(told.stdout.splitlines()) == {"0 True"}
    assert "fork" not in told.stderr
