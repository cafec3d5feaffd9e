"""Who may publish here: cameras whose key they show, whichever worker has them."""

from collections.abc import Awaitable, Callable

from services.ingest.publishing.desk import PublishDesk
from services.ingest.publishing.registered import RegisteredPublishers
from services.ingest.publishing.seat import Place, Publisher
from snowlight.api.ingest.v1 import publishing_pb2

CheckKey = Callable[[str, str, str, str], Awaitable[str]]
"""The id of a camera's key, by the camera's id, its uid ("" for no camera), the key and the caller's address.

Raises UnauthenticatedError for a wrong one, ResourceExhaustedError after too many, UnavailableError.
"""


class Admission:
    """Lets in who has a camera's key, whichever worker has the camera.

    RTMP knows no redirection, and behind a load balancer no camera can be sent to a certain worker.
    """

    def __init__(
        self,
        desk: PublishDesk,
        check_key: CheckKey,
        registered: RegisteredPublishers,
        place_of: Callable[[publishing_pb2.Publication], Place],
    ) -> None:
        self._desk = desk
        self._check_key = check_key
        self._registered = registered
        self._place_of = place_of

    async def admit(self, publisher: Publisher, camera_id: str, key: str, address: str) -> Place:
        """The camera's place, for a publisher with its key.

        Raises UnauthenticatedError alike for a wrong key and for a camera that is not to publish,
        AlreadyExistsError while another publishes, and what CheckKey raises.
        """
        seat = self._desk.seat(camera_id)
        uid = seat.uid if seat else await self._registered.uid(camera_id)
        key_id = await self._check_key(camera_id, uid, key, address)
        self._desk.welcome(publisher, key_id)
        seat = self._desk.seat(camera_id)
        if seat is not None and seat.uid == uid:
            seat.check_free()
        return self._place_of(publishing_pb2.Publication(camera_uid=uid, camera_id=camera_id, key_id=key_id))
