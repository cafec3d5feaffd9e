"""Makes, lists and takes back publish keys, and says whether one is a camera's."""

import hmac
import math
import secrets

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.attempts import MAX_FAILURES
from services.auth.camera_model import CameraModel
from services.auth.changes import record_change
from services.auth.decision import Action
from services.auth.failures import Failures
from services.auth.model import Principal
from services.auth.repository import cameras, publish_keys, revocations
from services.auth.repository.publish_keys import PublishKey
from services.auth.repository.revocations import Kind
from services.auth.rights import Rights, actor_of, caller_in
from services.auth.tokens import token_hash
from services.auth.validation import check_address, check_id, check_text, invalid
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.counted_address import counted_address
from snowlight.database import Database
from snowlight.errors import (
    FailedPreconditionError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnauthenticatedError,
)

MAX_KEYS = 10
"""Of one camera: the one in use, its successor, and some that were forgotten."""
MAX_FAILURES_OF_ADDRESS = 500
"""In five minutes, of all cameras behind one address; of each of them as many as of a password."""
_MAX_ID, _MAX_KEY = 64, 256


class PublishKeys:
    """Every change is on record under who asked for it."""

    def __init__(self, database: Database, cameras: CameraModel, rights: Rights, clock: Clock) -> None:
        self._database = database
        self._cameras = cameras
        self._rights = rights
        self._clock = clock
        self._of_camera = Failures(MAX_FAILURES)
        self._of_address = Failures(MAX_FAILURES_OF_ADDRESS)

    async def create(
        self, caller: AccessClaims, camera_uid: str, display_name: str, address: str
    ) -> tuple[PublishKey, str]:
        """The key's record, and the key, which is kept nowhere.

        Raises PermissionDeniedError, and FailedPreconditionError when the camera has ten already.
        """
        await self._cameras.wait_for([check_id(camera_uid, "camera_uid")])
        key = secrets.token_urlsafe(32)
        now_ms = self._clock.now_ms()
        made = PublishKey(
            key_id=secrets.token_hex(8),
            camera_uid=camera_uid,
            display_name=check_text(display_name, "display_name", max_length=100),
            key_sha256=token_hash(key),
            create_ms=now_ms,
        )
        async with self._database.write() as connection:
            person = await self._manager(connection, caller, camera_uid)
            if len(await publish_keys.of_camera(connection, camera_uid)) >= MAX_KEYS:
                raise FailedPreconditionError(
                    "auth.too_many_publish_keys", f"a camera has at most {MAX_KEYS} keys: delete one first"
                )
            await publish_keys.add(connection, made)
            await self._record(connection, person, caller, "create", made, address)
        return made, key

    async def of_camera(self, caller: AccessClaims, camera_uid: str) -> list[PublishKey]:
        """A camera's keys, oldest first. Raises PermissionDeniedError."""
        check_id(camera_uid, "camera_uid")
        async with self._database.read() as connection:
            await self._manager(connection, caller, camera_uid)
            return await publish_keys.of_camera(connection, camera_uid)

    async def delete(self, caller: AccessClaims, camera_uid: str, name: str, address: str) -> None:
        """Take a key back: what is published with it ends. Raises NotFoundError and PermissionDeniedError."""
        prefix, _, key_id = name.partition("/")
        if prefix != "publish_keys":
            raise invalid("name", 'must be "publish_keys/{id}"')
        async with self._database.write() as connection:
            person = await self._manager(connection, caller, camera_uid)
            kept = await publish_keys.of_camera(connection, camera_uid)
            found = next((one for one in kept if one.key_id == key_id), None)
            if found is None:
                raise NotFoundError("auth.publish_key_unknown", "there is no such key", field="name")
            await publish_keys.remove(connection, found.key_id)
            revocations.add(connection, Kind.PUBLISH_KEY, found.key_id, self._clock.now_ms())
            await self._record(connection, person, caller, "delete", found, address)

    async def check(self, camera_id: str, camera_uid: str, key: str, address: str) -> str:
        """The id of a camera's key. `camera_uid` is "" where `camera_id` is of no camera.

        Raises UnauthenticatedError, and ResourceExhaustedError after too many wrong ones. A right key is
        refused then too: else what is counted would be no bound for who guesses.
        """
        place, now = counted_address(check_address(address)), self._clock.monotonic()
        of_camera = (camera_id[:_MAX_ID], place)
        wait_s = max(self._of_camera.wait_s(of_camera, now), self._of_address.wait_s(place, now))
        if wait_s > 0:
            raise ResourceExhaustedError(
                "auth.too_many_attempts",
                "too many wrong keys, try again in a few minutes",
                retry_after_s=math.ceil(wait_s),
            )
        self._of_camera.add(of_camera, now)  # failed until it is known to be right: many at once count too
        self._of_address.add(place, now)
        key_id = await self._find(camera_uid, key)
        if not key_id:
            raise UnauthenticatedError("camera.publish_denied", "no camera may publish with this key")
        self._of_camera.forget(of_camera)
        self._of_address.take_back(place)
        return key_id

    async def _find(self, camera_uid: str, key: str) -> str:
        wanted = token_hash(key[:_MAX_KEY])
        async with self._database.read() as connection:
            kept = await publish_keys.of_camera(connection, camera_uid)
            camera = await cameras.find(connection, camera_uid)
        if camera is not None and camera.deleted:
            return ""
        right = [one.key_id for one in kept if hmac.compare_digest(one.key_sha256, wanted)]
        return right[0] if right else ""

    async def _manager(self, connection: AsyncConnection, caller: AccessClaims, camera_uid: str) -> Principal:
        """The caller, who may manage the camera. Raises PermissionDeniedError."""
        facts = await self._rights.facts(connection, [caller.principal], [camera_uid])
        person = caller_in(facts, caller)
        decision = self._rights.on_camera(facts, person, camera_uid, Action.CAMERA_MANAGE)
        if not decision.allowed:
            raise PermissionDeniedError(decision.reason, decision.sentence)
        return person

    async def _record(
        self,
        connection: AsyncConnection,
        person: Principal,
        caller: AccessClaims,
        verb: str,
        key: PublishKey,
        address: str,
    ) -> None:
        await record_change(
            connection,
            actor_of(person, caller, check_address(address)),
            f"publish_key.{verb}",
            f"{key.name} {verb}d" + (f": {key.display_name}" if key.display_name else ""),
            self._clock.now_ms(),
            camera_uids=[key.camera_uid],
        )
