"""An export of what is malformed or unknown is refused, and the mistake named."""

from typing import Any

import grpc
import pytest

from snowlight.api.storage.v1 import export_pb2
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.exporting import DAY_MS, START_MS, empty_storage


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"camera_uids": []}, "camera_uids"),
        ({"camera_uids": ["a", "a"]}, "camera_uids"),
        ({"camera_uids": ["A/../b"]}, "camera_uids[0]"),
        ({"start_ms": 0}, "start_ms"),
        ({"end_ms": START_MS}, "end_ms"),
        ({"end_ms": START_MS + 400 * DAY_MS}, "end_ms"),
        ({"start_ms": START_MS - 365 * DAY_MS}, "end_ms"),
        ({"case_number": " "}, "case_number"),
        ({"reason": ""}, "reason"),
        ({"created_by": ""}, "created_by"),
        ({"reason": "x" * 2001}, "reason"),
        ({"exporter": export_pb2.Exporter(unit="x" * 201)}, "exporter.unit"),
        ({"camera_clocks": [export_pb2.CameraClock(camera_uid="b", measure_ms=1)]}, "camera_clocks[0]"),
        ({"camera_clocks": [export_pb2.CameraClock(camera_uid="a")]}, "camera_clocks[0].measure_ms"),
    ],
)
async def test_a_malformed_wish_names_its_field(cluster: Cluster, fields: dict[str, Any], field: str) -> None:
    async with empty_storage(cluster) as desk:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await desk.create("a", **fields)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert field in (refused.value.details() or "") or field in str(refused.value.trailing_metadata())


async def test_nobody_exports_an_unknown_camera_or_reads_an_unknown_export(cluster: Cluster) -> None:
    async with empty_storage(cluster) as desk:
        for call in (desk.create("nobody"), desk.get("exports/0-0"), desk.get("exports/../x")):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call
            assert refused.value.code() == grpc.StatusCode.NOT_FOUND
