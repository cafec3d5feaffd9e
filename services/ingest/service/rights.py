"""Rights to cameras that have changed: gateways that do not know of it get no pictures."""

from services.ingest.service.viewers import Viewers
from snowlight.access.revocations import Revocations
from snowlight.api.auth.v1 import revocation_pb2


async def end_unaware_streams(revocations: Revocations, viewers: Viewers) -> None:
    """End the live streams of each camera whose rights change, until cancelled.

    Gateways check tickets themselves. One that is cut off from auth goes on for ten minutes with what it
    knows: of a camera that was deleted, moved or revoked it gets nothing more from here.
    """
    known = revocations.position
    while True:
        await revocations.news()
        changed = revocations.told_after(known, revocation_pb2.CAMERA)
        known = revocations.position
        for uid, sequence in changed.items():
            viewers.end_unaware(uid, sequence)
