"""In which zone a worker runs: as its node's labels tell."""

import structlog

from services.ingest.kubernetes.client import KubernetesClient, path_of
from snowlight.errors import NotFoundError, PermissionDeniedError

LABEL = "topology.kubernetes.io/zone"

log = structlog.get_logger(__name__)


async def zone_of(client: KubernetesClient, node: str) -> str:
    """The zone of a node; empty where its labels tell none, or may not be read."""
    try:
        found = await client.get(path_of("v1", "nodes", node))
    except (NotFoundError, PermissionDeniedError) as error:
        log.warning("zone.unknown", reason=str(error))
        return ""
    return str(found["metadata"].get("labels", {}).get(LABEL, ""))
