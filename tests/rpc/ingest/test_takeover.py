"""Two workers on one database: what one leaves the other goes on with."""

from contextlib import AsyncExitStack
from pathlib import Path

from simulator.ports import free_port
from simulator.server import CameraServer
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.config import ClusterSettings
from snowlight.errors import FailedPreconditionError, UnavailableError
from snowlight.rpc.status import remote_errors
from tests.rpc.ingest.cluster import running_ingest, until
from tests.rpc.ingest.village import GATE, fragments


async def test_a_camera_whose_worker_stops_is_recorded_by_another(
    village: CameraServer, cluster: ClusterSettings, postgres_url: str, tmp_path: Path
) -> None:
    other = cluster.model_copy(update={"ingest_address": f"127.0.0.1:{free_port()}"})
    settings = {"database_url": postgres_url}
    async with AsyncExitStack() as first:
        one = await first.enter_async_context(
            running_ingest(cluster, worker="one", spool_dir=tmp_path / "one", **settings)
        )
        camera = await one.create("gate", village.url(GATE))
        before, footage = await fragments(one, camera.uid, 4)
        async with running_ingest(other, worker="two", spool_dir=tmp_path / "two", **settings) as two:
            await first.aclose()

            async def status_there() -> camera_pb2.CameraStatus | None:
                try:
                    with remote_errors("services/ingest"):
                        return await two.status(camera.name)
                except (FailedPreconditionError, UnavailableError):
                    return None

            await until(status_there, lambda status: status and status.state == camera_pb2.ONLINE)
            after, later = await fragments(two, camera.uid, 2)
            await until(
                status_there, lambda status: status and all(gap.HasField("end") for gap in status.gaps)
            )
    assert footage[-1].segment < later[0].segment
    assert before.discontinuity_sequence < after.discontinuity_sequence
