"""Who may publish to which camera of this process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from services.ingest.camera import CameraSpec
from services.ingest.publishing.address import SOURCE_URL
from services.ingest.publishing.seat import Publisher, Seat
from services.ingest.sources.source import SourceError
from snowlight.access.revocations import Revocations
from snowlight.api.auth.v1 import revocation_pb2

CheckKey = Callable[[str, str, str, str], Awaitable[str]]
"""The id of a camera's key, by the camera's id, its uid ("" for no camera), the key and the caller's address.

Raises UnauthenticatedError for a wrong one, ResourceExhaustedError after too many, UnavailableError.
"""


class PublishDesk:
    """Knows the seats of the cameras that are recorded here, and lets in who has a camera's key.

    Where several processes record, each has the seats of its own cameras. A connection for a camera of
    another one is to be passed on from here: RTMP knows no redirection, and no camera can be sent there.
    """

    def __init__(self, check_key: CheckKey, revocations: Revocations) -> None:
        self._check_key = check_key
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

    async def admit(self, publisher: Publisher, camera_id: str, key: str, address: str) -> Seat:
        """The camera's seat, for a publisher with its key.

        Raises UnauthenticatedError alike for a wrong key and for a camera that is not expected,
        AlreadyExistsError while another publishes, and what CheckKey raises.
        """
        seat = self._seats.get(camera_id)
        key_id = await self._check_key(camera_id, seat.uid if seat else "", key, address)
        if seat is None or self._revocations.is_revoked(revocation_pb2.PUBLISH_KEY, key_id):
            raise SourceError("camera.auth_failed", "the key was revoked")
        seat.check_free()
        self._hold(key_id, publisher)
        return seat

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
