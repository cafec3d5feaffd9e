"""Brings the registry to what Cameras say, a batch at a time, through what the registry's callers use too."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog
from google.protobuf.field_mask_pb2 import FieldMask

from services.ingest.camera_resources.conditions import SYNCED, Outcome, camel, told
from services.ingest.camera_resources.events import Events
from services.ingest.camera_resources.finalizers import Finalizers, creation_of
from services.ingest.camera_resources.resources import ADOPT, CameraResource
from services.ingest.camera_resources.store import ResourceStore
from services.ingest.camera_resources.wishes import Wish, spec_field, wish_of
from services.ingest.camera_resources.work_queue import WorkQueue
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.messages import to_message
from services.ingest.registry.record import CameraRecord, Change
from services.ingest.registry.validation import MUTABLE
from snowlight.errors import (
    AbortedError,
    AlreadyExistsError,
    FailedPreconditionError,
    NotFoundError,
    SnowlightError,
    UnavailableError,
)

BATCH = 200
"""Cameras of one transaction, as many as a caller may write at once."""

log = structlog.get_logger(__name__)


class Reconciler:
    """Of one term: what it knows of resources is of this process and of no other.

    Each step may be interrupted and done again, by this worker or another, or by two at once: a camera is
    created under the resource's uid once, changes are against the version that was looked at, and a resource
    goes only when its camera has gone.
    """

    def __init__(
        self,
        cameras: Cameras,
        finalizers: Finalizers,
        store: ResourceStore,
        queue: WorkQueue,
        events: Events,
        on_outcome: Callable[[str], None],
        on_drift: Callable[[], None],
        may_write: Callable[[], bool],
    ) -> None:
        """`on_outcome` is told of each camera that was looked at, `on_drift` of each that was set back.
        `may_write`: the term is not over."""
        self._cameras = cameras
        self._finalizers = finalizers
        self._store = store
        self._queue = queue
        self._events = events
        self._on_outcome = on_outcome
        self._on_drift = on_drift
        self._may_write = may_write
        self._outcomes: dict[str, Outcome] = {}
        self._bases: dict[str, tuple[object, ...]] = {}

    def outcome(self, name: str) -> Outcome | None:
        """What the last look at a resource came to; None before."""
        return self._outcomes.get(name)

    def outcomes(self) -> Iterable[Outcome]:
        """Of all resources that were looked at."""
        return self._outcomes.values()

    def on_registered(self, changes: Iterable[Change]) -> None:
        """The registry has changed, be it by this worker or by somebody else."""
        for change in changes:
            outcome = self._outcomes.get(change.id)
            known = outcome.record.revision if outcome is not None and outcome.record is not None else None
            if self._store.cameras.get(change.id) is not None and change.revision != known:
                self._queue.add(change.id)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            names = await self._queue.take(BATCH)
            if not self._may_write():
                for name in names:
                    self._queue.retry(name)
                continue
            try:
                await self.round(names)
            except UnavailableError as error:
                log.warning("resources.unreconciled", cameras=len(names), reason=str(error))
                for name in names:
                    self._queue.retry(name)

    async def round(self, names: Sequence[str]) -> None:
        """Look at some resources. Raises UnavailableError while the database is away."""
        there: list[CameraResource] = []
        for name in names:
            manifest = self._store.cameras.get(name)
            if manifest is not None:
                there.append(CameraResource.of(manifest))
            else:
                self._drop(name)
        known = await self._cameras.find([resource.name for resource in there])
        kept = await self._finalizers.settle(there, known, self._known_uid)
        await self._register(kept, known)

    async def _register(self, resources: Sequence[CameraResource], known: Mapping[str, CameraRecord]) -> None:
        updates: list[tuple[CameraResource, Wish, CameraRecord]] = []
        creations: list[tuple[CameraResource, Wish]] = []
        for resource in resources:
            record = known.get(resource.name)
            try:
                wish = self._wish(resource, record)
            except SnowlightError as error:
                its = record if record is not None and record.uid == self._known_uid(resource) else None
                self._failed(resource, its, error)
                continue
            if record is not None and (resource.adopts or record.uid == self._known_uid(resource)):
                updates.append((resource, wish, record))
            else:
                creations.append((resource, wish))
        if creations and self._may_write():
            await self._create(creations, known)
        if updates and self._may_write():
            await self._update(updates)

    def _wish(self, resource: CameraResource, record: CameraRecord | None) -> Wish:
        manifest = self._store.cameras.get(resource.name)
        site = secret = None
        if manifest is not None:
            site, secret = self._store.site_of(manifest), self._store.secret_of(manifest)
        return wish_of(resource.spec, site, secret, record)

    async def _create(
        self, wishes: Sequence[tuple[CameraResource, Wish]], known: Mapping[str, CameraRecord]
    ) -> None:
        results = await self._cameras.create_all(
            [(resource.name, wish.camera) for resource, wish in wishes],
            {resource.name: creation_of(resource) for resource, _ in wishes},
        )
        for (resource, _), result in zip(wishes, results, strict=True):
            if isinstance(result, CameraRecord):
                self._succeeded(resource, result)
                if resource.name in known:
                    self._queue.add(resource.name)  # an earlier attempt made it, maybe of another spec
            elif isinstance(result, AlreadyExistsError):
                detail = (
                    f"cameras/{resource.name} is registered already; the annotation {ADOPT}=true gives it "
                    "to this resource"
                )
                self._failed(resource, None, AlreadyExistsError(result.code, detail))
            else:
                self._failed(resource, None, result)

    async def _update(self, wishes: Sequence[tuple[CameraResource, Wish, CameraRecord]]) -> None:
        for resource, wish, _ in wishes:
            wish.camera.name = f"cameras/{resource.name}"
        asked = [(wish.camera, FieldMask(paths=wish.fields)) for _, wish, _ in wishes]
        would = await self._cameras.update_all(asked, validate_only=True)
        changed = []
        for (resource, wish, record), result in zip(wishes, would, strict=True):
            if result == record:
                self._succeeded(resource, record, is_adopted=record.uid != self._known_uid(resource))
            elif isinstance(result, SnowlightError):
                self._failed(resource, record, result)
            else:
                wish.camera.etag = record.etag
                changed.append((resource, wish, record))
        if not changed:
            return
        results = await self._cameras.update_all(
            [(wish.camera, FieldMask(paths=wish.fields)) for _, wish, _ in changed]
        )
        for (resource, _, record), result in zip(changed, results, strict=True):
            if isinstance(result, SnowlightError):
                self._failed(resource, record, result)
            else:
                self._succeeded(
                    resource,
                    result,
                    before=record,
                    is_adopted=record.uid != self._known_uid(resource),
                )

    def _succeeded(
        self,
        resource: CameraResource,
        record: CameraRecord,
        *,
        before: CameraRecord | None = None,
        is_adopted: bool = False,
    ) -> None:
        basis, last = self._basis(resource), self._outcomes.get(resource.name)
        is_same = self._bases.get(resource.name) == basis
        note = last.note if last is not None and is_same else ""
        if is_adopted:
            self._events.tell(resource, "Normal", "Adopted", f"{record.name} is this resource's from now on")
            log.info("resource.camera_adopted", camera=record.name)
        elif before is not None and is_same:
            note = f"set back what was changed elsewhere: {', '.join(_differing(before, record))}"
            self._on_drift()
            self._events.tell(resource, "Warning", "DriftCorrected", note)
            log.warning("resource.drift_corrected", camera=record.name)
        self._bases[resource.name] = basis
        self._queue.done(resource.name)
        self._tell(resource, Outcome(resource.uid, resource.generation, record, note=note))

    def _failed(self, resource: CameraResource, record: CameraRecord | None, error: SnowlightError) -> None:
        """What somebody else changed at the same moment, or may do so by and by, is tried again; the rest
        once something changes."""
        if isinstance(error, AbortedError | NotFoundError):
            self._queue.retry(resource.name)
            return
        if isinstance(error, FailedPreconditionError):
            self._queue.retry(resource.name)
        else:
            self._queue.done(resource.name)
        self._bases.pop(resource.name, None)
        if not _is_told(resource, error, self._outcomes.get(resource.name)):
            self._events.tell(resource, "Warning", camel(error.code), told(error))
            log.warning("resource.refused", camera=f"cameras/{resource.name}", reason=str(error))
        self._tell(resource, Outcome(resource.uid, resource.generation, record, error))

    def _tell(self, resource: CameraResource, outcome: Outcome) -> None:
        self._outcomes[resource.name] = outcome
        self._on_outcome(resource.name)

    def _drop(self, name: str) -> None:
        self._outcomes.pop(name, None)
        self._bases.pop(name, None)
        self._queue.done(name)

    def _known_uid(self, resource: CameraResource) -> str:
        """The uid of the resource's camera as far as is known: its status may not be written yet."""
        outcome = self._outcomes.get(resource.name)
        if outcome is not None and outcome.resource_uid == resource.uid and outcome.record is not None:
            return outcome.record.uid
        return resource.camera_uid

    def _basis(self, resource: CameraResource) -> tuple[object, ...]:
        """What the wish is made of. Where that is the same and the registry differs, somebody else did it."""
        manifest = self._store.cameras.get(resource.name)
        site = self._store.site_of(manifest) if manifest is not None else None
        secret = self._store.secret_of(manifest) if manifest is not None else None
        return (
            resource.uid,
            resource.generation,
            (site["metadata"]["uid"], site["metadata"]["generation"]) if site is not None else None,
            secret["metadata"]["resourceVersion"] if secret is not None else None,
        )


def _differing(before: CameraRecord, after: CameraRecord) -> list[str]:
    """The fields that a change is of, as a Camera has them."""
    one, other = to_message(before), to_message(after)
    fields = [field for field in MUTABLE if getattr(one, field) != getattr(other, field)]
    secrets = (before.source_secret, before.sub_source_secret) != (
        after.source_secret,
        after.sub_source_secret,
    )
    return [spec_field(field) for field in fields] + (["credentials"] if secrets else [])


def _is_told(resource: CameraResource, error: SnowlightError, last: Outcome | None) -> bool:
    """The same has been told of the resource already, by this worker or by the one before it."""
    if last is not None and last.resource_uid == resource.uid:
        return last.error is not None and told(last.error) == told(error)
    conditions = resource.status.get("conditions") or ()
    return any(one["type"] == SYNCED and one["message"] == told(error) for one in conditions)
