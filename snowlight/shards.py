"""Cameras are given to ingest's workers by the shard (docs/sharding.md)."""

from hashlib import sha256

SHARDS = 1024


def shard_of(uid: str) -> int:
    """The shard of a camera, for ever: of the first two bytes of the SHA-256 of its uid."""
    return int.from_bytes(sha256(uid.encode()).digest()[:2]) % SHARDS
