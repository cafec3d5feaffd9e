"""A collector that takes all spans and keeps none: `python -m bench.collector --port P`."""

import argparse
import asyncio

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

_SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"


async def serve(port: int) -> None:
    """Until the process ends."""
    answer = trace_service_pb2.ExportTraceServiceResponse().SerializeToString()

    async def take(_request: bytes, _context: object) -> bytes:
        return answer

    server = grpc.aio.server()
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(take)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, {"Export": handler}),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench.collector", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
