"""How an ingest that is a process of its own finds its cluster."""

import os

from snowlight.config import ClusterSettings


def environment(cluster: ClusterSettings) -> dict[str, str]:
    assert cluster.cluster_key is not None
    return {
        **os.environ,
        "SNOWLIGHT_DATA_DIR": str(cluster.data_dir),
        "SNOWLIGHT_CLUSTER_KEY": cluster.cluster_key.get_secret_value(),
        "SNOWLIGHT_STORAGE_ADDRESS": cluster.storage_address,
        "SNOWLIGHT_ADMIN_LISTEN": "127.0.0.1:0",
        "SNOWLIGHT_INGEST_LISTEN": cluster.ingest_address,
        "SNOWLIGHT_INGEST_SOURCE_NETWORKS": "127.0.0.0/8, ::1/128",
    }
