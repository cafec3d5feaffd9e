"""An export whose process ends at a step goes on in the next one, and is whole."""

import asyncio
from pathlib import Path

import pytest

from snowlight.api.storage.v1 import export_pb2
from snowlight.evidence.verification import verify
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.exporting import KEY, storage_with_footage


@pytest.fixture
def evidence_folder(cluster: Cluster) -> Path:
    return cluster.data_dir / "evidence"


class KilledError(BaseException):
    """What a step raises where a test has the process end."""


async def test_an_export_goes_on_after_a_crash_at_each_step(cluster: Cluster, evidence_folder: Path) -> None:
    crashes = iter(["export.copy", "export.copy", "export.manifest"])
    awaited: list[str] = [next(crashes)]

    def reached(step: str) -> None:
        if awaited and step == awaited[0]:
            awaited.pop()
            raise KilledError

    name = ""
    for _ in range(3):
        with pytest.raises(BaseExceptionGroup):
            async with storage_with_footage(cluster, reached) as desk:
                name = (await desk.create("a", request_id="once")).name
                await asyncio.sleep(60)  # until the crash
        awaited += [step] if (step := next(crashes, "")) else []
    async with storage_with_footage(cluster) as desk:
        export = await desk.ended(name)
        assert export.state == export_pb2.Export.SUCCEEDED
        exports = await desk.exports.ListExports(export_pb2.ListExportsRequest())
        assert [each.name for each in exports.exports] == [name], "the same request makes one export"
        await desk.lets_go()
    assert verify(evidence_folder / export.manifest_key, KEY).problems == []
