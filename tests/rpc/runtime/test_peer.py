"""The other end of a connection, told as an address that stays the same for the next connection."""

from pathlib import Path
from typing import Any

import grpc
import pytest

from simulator.ports import free_port
from snowlight.rpc.peer import peer_address

METHOD = "/test.Whence/Tell"


async def _tell(_request: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> bytes:
    return peer_address(context).encode()


@pytest.mark.parametrize(
    ("listen", "call", "address"),
    [
        ("127.0.0.1:{port}", "ipv4:127.0.0.1:{port}", "127.0.0.1"),
        ("[::1]:{port}", "ipv6:[::1]:{port}", "::1"),
        ("[::]:{port}", "ipv4:127.0.0.1:{port}", "127.0.0.1"),
        ("unix:{folder}/s", "unix:{folder}/s", "unix"),
        ("unix-abstract:snowlight-{port}", "unix-abstract:snowlight-{port}", "unix"),
    ],
)
async def test_a_peer_is_known_by_its_address_without_its_port(
    tmp_path: Path, listen: str, call: str, address: str
) -> None:
    where = {"port": free_port(), "folder": tmp_path}
    server = grpc.aio.server()
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(_tell)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Whence", {"Tell": handler}),))
    server.add_insecure_port(listen.format(**where))
    await server.start()
    try:
        for _ in range(2):
            async with grpc.aio.insecure_channel(call.format(**where)) as channel:
                tell: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(METHOD)
                assert await tell(b"") == address.encode()
    finally:
        await server.stop(0)
