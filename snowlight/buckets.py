"""Buckets that are made when they are missing."""

import asyncio

from snowlight.object_store import StoreDescription


async def ensure_bucket(store: StoreDescription) -> None:
    """Make the bucket when it is missing. Raises UnavailableError; does nothing for a local folder."""
    if store.bucket is not None:
        await asyncio.to_thread(_make, store, store.bucket)


def _make(store: StoreDescription, bucket: str) -> None:
    # 5 MB and 0.15 s, which a process does without whose buckets are there.
    from snowlight.bucket_control import make_bucket

    make_bucket(store, bucket)
