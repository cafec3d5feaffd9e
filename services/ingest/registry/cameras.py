"""The registry: what callers may do with cameras, and what becomes of the credentials they hand in."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ParamSpec, TypeVar

from google.protobuf.field_mask_pb2 import FieldMask

from services.ingest.registry import paging
from services.ingest.registry.completeness import check_completeness
from services.ingest.registry.creations import Creation
from services.ingest.registry.credentials import CredentialSealer, same_endpoint
from services.ingest.registry.messages import to_message, written_fields
from services.ingest.registry.record import CameraRecord, Tombstone
from services.ingest.registry.repository import CameraRepository, Revision, check_etag
from services.ingest.registry.uid import new_uid
from services.ingest.registry.validation import (
    check_camera,
    check_id,
    check_mask,
    check_region,
    check_source_url,
    id_of,
)
from services.ingest.sources.address import parse_address
from services.ingest.sources.source import Credentials
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import Clock
from snowlight.dossier import takes_audio
from snowlight.errors import SnowlightError

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Some cameras of a list; the list goes on after them if `next_token` is not empty."""

    cameras: Sequence[CameraRecord]
    next_token: str


class Cameras:
    """`on_change` is called with the new revision after each write.

    `check_room` gets a new camera's region, and the one it was in before or "": it raises when no camera may
    come to where that region's footage goes. `require_dossier`: no public camera is enabled whose dossier is
    incomplete.
    """

    def __init__(
        self,
        repository: CameraRepository,
        sealer: CredentialSealer,
        clock: Clock,
        on_change: Callable[[int], None],
        check_room: Callable[[str, str], None],
        *,
        require_dossier: bool = False,
    ) -> None:
        self._repository = repository
        self._sealer = sealer
        self._clock = clock
        self._on_change = on_change
        self._check_room = check_room
        self._require_dossier = require_dossier

    async def create(
        self,
        camera_id: str,
        camera: camera_pb2.Camera,
        creation: Creation | None = None,
        *,
        validate_only: bool = False,
    ) -> CameraRecord:
        """Raises InvalidArgumentError, AlreadyExistsError when the id is taken, FailedPreconditionError when
        its footage would go to a full store or its dossier lacks what it must have.

        `creation`: an attempt after the first makes nothing. Raises RequestReusedError when the first was at
        something else, and NotFoundError when what it made is gone.
        `validate_only`: nothing is written, and what is returned never was.
        """
        now_ms = self._clock.now_ms()
        if creation is not None:
            made = await self._repository.made_by(creation, now_ms)
            if made is not None:
                return made
        record = self._new(camera_id, camera, now_ms)
        if validate_only:
            await self._repository.check_free(record)
            return replace(record, uid="")
        record = await self._repository.insert(record, creation)
        self._on_change(record.revision)
        return record

    async def create_all(
        self,
        wishes: Sequence[tuple[str, camera_pb2.Camera]],
        creations: Mapping[str, Creation] | None = None,
        *,
        validate_only: bool = False,
    ) -> list[CameraRecord | SnowlightError]:
        """As `create` for each id and camera, in one transaction: what was made, or what is against it.

        `creations`, by id: where the camera of that id was made by an earlier attempt, it is returned.
        """
        now_ms = self._clock.now_ms()
        drafts = [_attempt(self._new, camera_id, camera, now_ms) for camera_id, camera in wishes]
        records = [draft for draft in drafts if isinstance(draft, CameraRecord)]
        if validate_only:
            written: Sequence[CameraRecord | SnowlightError] = [
                replace(one, uid="", revision=0) if isinstance(one, CameraRecord) else one
                for one in await self._repository.which_free(records)
            ]
        else:
            attempts = {
                record.uid: creations[record.id] for record in records if creations and record.id in creations
            }
            written = self._told(await self._repository.insert_all(records, attempts))
        made = iter(written)
        return [next(made) if isinstance(draft, CameraRecord) else draft for draft in drafts]

    async def find(self, ids: Collection[str]) -> Mapping[str, CameraRecord]:
        """Those of `ids` that are registered, by id."""
        return await self._repository.find(ids)

    async def made_by(self, creation: Creation) -> CameraRecord | None:
        """The camera that an attempt at `creation` has made. Raises NotFoundError when it is gone since."""
        return await self._repository.made_by(creation, self._clock.now_ms())

    async def get(self, name: str) -> CameraRecord:
        """Raises InvalidArgumentError and NotFoundError."""
        return await self._repository.get(id_of(name))

    async def page(self, region: str, page_size: int, page_token: str) -> Page:
        """One page of all cameras, or of those in `region` and below it by code prefix."""
        size = paging.check_page_size(page_size)
        after_id = paging.decode_token(page_token, region)
        found = await self._repository.page(
            region_prefix=check_region(region) if region else "", after_id=after_id, limit=size + 1
        )
        more = len(found) > size
        return Page(found[:size], paging.encode_token(region, found[size - 1].id) if more else "")

    async def update(
        self, camera: camera_pb2.Camera, mask: FieldMask, *, validate_only: bool = False
    ) -> CameraRecord:
        """Write the fields named by `mask`; what changes nothing is not written. `validate_only`: nothing is.

        A source URL without user and password keeps those that are known if it leads to the same host and
        port, and forgets them otherwise, so that nobody can have them sent to a host of their choice.
        `rtsp://@host/` forgets them in any case.
        Raises InvalidArgumentError, NotFoundError, AbortedError for a stale etag, FailedPreconditionError
        when the camera would move to a full store, or be enabled with too thin a dossier.
        """
        camera_id, revision_of = self._revision(camera, mask)
        if validate_only:
            return revision_of(await self._repository.get(camera_id))
        record = await self._repository.revise(camera_id, revision_of)
        self._on_change(record.revision)
        return record

    async def update_all(
        self, wishes: Sequence[tuple[camera_pb2.Camera, FieldMask]], *, validate_only: bool = False
    ) -> list[CameraRecord | SnowlightError]:
        """As `update` for each camera and mask, in one transaction: the camera as it is then, or what is
        against it."""
        drafts = [_attempt(self._revision, camera, mask) for camera, mask in wishes]
        revisions = [draft for draft in drafts if not isinstance(draft, SnowlightError)]
        revised = await self._repository.revise_all(revisions, validate_only=validate_only)
        results = iter(revised if validate_only else self._told(revised))
        return [draft if isinstance(draft, SnowlightError) else next(results) for draft in drafts]

    async def delete(self, name: str, etag: str) -> Tombstone:
        """Raises InvalidArgumentError, NotFoundError, and AbortedError for a stale etag."""
        tombstone = await self._repository.delete(id_of(name), etag)
        self._on_change(tombstone.revision)
        return tombstone

    def takes_audio(self, record: CameraRecord) -> bool:
        """Its sound is recorded: it is on, and where dossiers are required a public camera's says why."""
        return takes_audio(to_message(record)) if self._require_dossier else record.audio

    def credentials(self, record: CameraRecord) -> Credentials | None:
        """What the camera's main source asks for. Raises DataLossError when it does not open."""
        return self._opened(record.source_secret, record.uid, "source")

    def sub_credentials(self, record: CameraRecord) -> Credentials | None:
        """The same of its sub stream."""
        return self._opened(record.sub_source_secret, record.uid, "sub_source")

    def _opened(self, secret: bytes | None, uid: str, field: str) -> Credentials | None:
        return None if secret is None else self._sealer.open(secret, uid, field)

    def _new(self, camera_id: str, camera: camera_pb2.Camera, now_ms: int) -> CameraRecord:
        """A camera that is not registered yet. Raises as `create`."""
        checked = check_camera(camera)
        check_completeness(checked, None, audio_given=checked.audio, require_dossier=self._require_dossier)
        self._check_room(checked.region, "")
        uid = new_uid(now_ms)
        return CameraRecord(
            uid=uid,
            id=check_id(camera_id) if camera_id else uid,
            revision=0,
            create_time_ms=now_ms,
            update_time_ms=now_ms,
            owner_time_ms=now_ms,
            **self._source("source", uid, checked.source_url, None),
            **self._source("sub_source", uid, checked.sub_source_url, None),
            **written_fields(checked),
        )

    def _revision(self, camera: camera_pb2.Camera, mask: FieldMask) -> tuple[str, Revision]:
        """The id of the camera that an update is of, and what it makes of it. Both raise as `update`."""
        paths = FieldMask(paths=check_mask(mask.paths, camera))

        def revision_of(current: CameraRecord) -> CameraRecord:
            check_etag(camera.etag, current)
            merged = to_message(current)
            paths.MergeMessage(camera, merged, replace_message_field=True, replace_repeated_field=True)
            checked = check_camera(merged)
            check_completeness(
                checked,
                to_message(current),
                audio_given="audio" in paths.paths,
                require_dossier=self._require_dossier,
            )
            if checked.region != current.region:
                self._check_room(checked.region, current.region)
            return self._revised(current, checked)

        return id_of(camera.name), revision_of

    def _told(
        self, written: Sequence[CameraRecord | SnowlightError]
    ) -> Sequence[CameraRecord | SnowlightError]:
        """`written`, once those who follow the registry have been woken."""
        revisions = [one.revision for one in written if isinstance(one, CameraRecord)]
        if revisions:
            self._on_change(max(revisions))
        return written

    def _revised(self, current: CameraRecord, camera: camera_pb2.Camera) -> CameraRecord:
        now_ms = max(self._clock.now_ms(), current.update_time_ms)
        revised = replace(
            current,
            owner_time_ms=current.owner_time_ms if camera.owner == current.owner else now_ms,
            **self._source(
                "source", current.uid, camera.source_url, (current.source_url, current.source_secret)
            ),
            **self._source(
                "sub_source",
                current.uid,
                camera.sub_source_url,
                (current.sub_source_url, current.sub_source_secret),
            ),
            **written_fields(camera),
        )
        return revised if revised == current else replace(revised, update_time_ms=now_ms)

    def _source(
        self, field: str, uid: str, url: str, known: tuple[str, bytes | None] | None
    ) -> dict[str, Any]:
        """`{field}_url` and `{field}_secret` of the record; `known`: those of its version before."""
        if not url:
            return {f"{field}_url": "", f"{field}_secret": None}
        address = check_source_url(f"{field}_url", url)
        secret = known[1] if known and known[0] and same_endpoint(address, parse_address(known[0])) else None
        given = address.credentials
        if given is not None and not (given.user or given.password):
            secret = None
        elif given is not None and not (secret and self._sealer.holds(secret, given, uid, field)):
            secret = self._sealer.seal(given, uid, field)
        return {f"{field}_url": address.url, f"{field}_secret": secret}


def _attempt(make: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T | SnowlightError:
    """What `make` makes, or what it raises."""
    try:
        return make(*arguments, **options)
    except SnowlightError as error:
        return error
