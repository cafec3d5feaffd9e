"""The seats of the cameras that publish to this process, and who publishes with which key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.ingest.camera import CameraSpec
from services.ingest.publishing.address import SOURCE_URL
from services.ingest.publishing.seat import Publisher, Seat
from services.ingest.sources.source import SourceError
from snowlight.access.revocations import Revocations
from snowlight.api.auth.v1 import revocation_pb2


class PublishDesk:
    """Knows the seats of the cameras that are recorded here, and ends whose key is taken back."""

    def __init__(self, revocations: Revocations) -> None:
        self._revocations = revocations
        self._seats: dict[str, Seat] = {}
        self._publishers: dict[str, set[Publisher]] = {}

    def seat_of(self, camera: CameraSpec) -> Seat | None:
        """A new seat for a camera that publishes; None for one that ingest connects to."""
        if camera.source_url != SOURCE_URL:
            return None
        return Seat(camera.uid, camera.name.removeprefix("cameras/"), audio=camera.audio)

    @contextmanager
    def expecting(self, seat: Seat) -> Iterator[None]:
        """The camera may publish inside."""
        self._seats[seat.camera_id] = seat
        try:
            yield
        finally:
            if self._seats.get(seat.camera_id) is seat:
                del self._seats[seat.camera_id]
            seat.close()

    def seat(self, camera_id: str) -> Seat | None:
        """Of a camera that may publish to this process now."""
        return self._seats.get(camera_id)

    def welcome(self, publisher: Publisher, key_id: str) -> None:
        """The publisher has shown this key, which is right; once it is revoked, the publisher ends. Raises
        SourceError camera.auth_failed where that is so already."""
        if self._revocations.is_revoked(revocation_pb2.PUBLISH_KEY, key_id):
            raise SourceError("camera.auth_failed", "the key was revoked")
        self._hold(key_id, publisher)

    async def end_revoked(self) -> None:
        """End whoever publishes with a key that is revoked, until cancelled."""
        known = self._revocations.position
        while True:
            await self._revocations.news()
            ended = self._revocations.told_after(known, revocation_pb2.PUBLISH_KEY)
            known = self._revocations.position
            for key_id in ended:
                for publisher in tuple(self._publishers.get(key_id, ())):
                    publisher.refuse(
                        SourceError("camera.auth_failed", "the key it published with was revoked")
                    )

    def _hold(self, key_id: str, publisher: Publisher) -> None:
        self._publishers.setdefault(key_id, set()).add(publisher)

        def forget(_ended: object) -> None:
            publishers = self._publishers[key_id]
            publishers.discard(publisher)
            if not publishers:
                del self._publishers[key_id]

        publisher.ended.add_done_callback(forget)
