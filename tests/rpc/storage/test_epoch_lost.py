"""A storage whose database was lost is told again of the epoch it knew."""

import sqlalchemy as sa

from services.ingest.commit import Commits
from services.storage.app import MIGRATIONS
from services.storage.tables import epochs
from snowlight.api.storage.v1 import storage_pb2
from snowlight.database import open_database
from snowlight.shards import shard_of
from tests.rpc.storage.conftest import Cluster
from tests.rpc.storage.footage import START_MS, segment


async def test_a_writer_goes_on_when_storage_has_forgotten_its_epoch(cluster: Cluster) -> None:
    async with cluster.ingest(), cluster.storage() as storage:
        commits = Commits(storage)
        assert await commits.open_epochs({shard_of("cam"): 3}, START_MS) == {}
        async with (
            open_database(cluster.database_url, service="storage", migrations=MIGRATIONS) as database,
            database.write() as connection,
        ):
            await connection.execute(sa.delete(epochs))
        (result,) = await commits.segments([segment("cam", epoch=3)])
        assert result.outcome == storage_pb2.CommitResult.COMMITTED
