"""The bucket of a fresh object store."""

import asyncio

import structlog

from snowlight.bucket_control import ensure_bucket
from snowlight.errors import UnavailableError
from snowlight.object_store import ObjectStoreSettings

RETRY_SECONDS = 5.0

log = structlog.get_logger(__name__)


async def make_bucket(settings: ObjectStoreSettings) -> None:
    """Make the bucket of a fresh store, as soon as the store answers."""
    while True:
        try:
            await ensure_bucket(settings)
        except UnavailableError as error:
            log.warning("store.unavailable", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return
