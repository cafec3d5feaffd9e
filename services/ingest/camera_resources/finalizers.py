"""Keeps a deleted Camera until its camera has gone from the registry as well."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from services.ingest.camera_resources.resources import FINALIZER, CameraResource, camera_path
from services.ingest.camera_resources.store import ResourceStore
from services.ingest.camera_resources.work_queue import WorkQueue
from services.ingest.kubernetes.client import Document, KubernetesClient
from services.ingest.kubernetes.patience import Failures
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.creations import Creation
from services.ingest.registry.record import CameraRecord
from snowlight.errors import AbortedError, NotFoundError, SnowlightError

AT_ONCE = 16
"""Requests to the API server at a time."""
_FINGERPRINT = b"camera-resource"

KnownUid = Callable[[CameraResource], str]
"""The uid of a resource's camera; "" while that is not known."""

log = structlog.get_logger(__name__)


def creation_of(resource: CameraResource) -> Creation:
    """Every attempt at the resource's camera, whoever makes it, is an attempt at this."""
    return Creation(f"camera-resource/{resource.uid}", _FINGERPRINT)


class Finalizers:
    """They are written only over those that were seen, so that nobody else's is lost."""

    def __init__(
        self,
        cameras: Cameras,
        client: KubernetesClient,
        store: ResourceStore,
        queue: WorkQueue,
    ) -> None:
        """What has to be tried again goes back into `queue`."""
        self._cameras = cameras
        self._client = client
        self._store = store
        self._queue = queue
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._failures = Failures("resource.unkept")

    async def settle(
        self, resources: Sequence[CameraResource], known: Mapping[str, CameraRecord], uid_of: KnownUid
    ) -> list[CameraResource]:
        """Let deleted resources go, with their cameras; of the others, those that may be registered now.

        `known`: cameras of their names. Raises UnavailableError while the database is away.
        """
        async with asyncio.TaskGroup() as group:
            settling = [
                group.create_task(self._settle(resource, known.get(resource.name), uid_of))
                for resource in resources
            ]
        kept = [task.result() for task in settling]
        return [resource for resource in kept if resource is not None]

    async def _settle(
        self, resource: CameraResource, record: CameraRecord | None, uid_of: KnownUid
    ) -> CameraResource | None:
        if resource.is_deleted:
            await self._forget(resource, record, uid_of)
            return None
        if FINALIZER in resource.finalizers or not resource.is_to_be_forgotten:
            return resource
        return await self._write(resource, (*resource.finalizers, FINALIZER))

    async def _forget(self, resource: CameraResource, record: CameraRecord | None, uid_of: KnownUid) -> None:
        if FINALIZER not in resource.finalizers:
            return
        if (
            resource.is_to_be_forgotten
            and record is not None
            and await self._is_its(resource, record, uid_of)
        ):
            try:
                await self._cameras.delete(record.name, record.etag)
            except AbortedError:
                self._queue.retry(resource.name)
                return
            except NotFoundError:
                pass  # it has gone before
            log.info("resource.camera_deleted", camera=record.name)
        await self._write(resource, [one for one in resource.finalizers if one != FINALIZER])

    async def _is_its(self, resource: CameraResource, record: CameraRecord, uid_of: KnownUid) -> bool:
        """The camera is the resource's, and not somebody else's of the same name."""
        if record.uid == uid_of(resource):
            return True
        try:
            made = await self._cameras.made_by(creation_of(resource))
        except NotFoundError:
            return False
        return made is not None and made.uid == record.uid

    async def _write(self, resource: CameraResource, finalizers: Sequence[str]) -> CameraResource | None:
        """The resource as it is then; None where that is not to be had now."""
        operations: list[Document] = [
            {"op": "test", "path": "/metadata/uid", "value": resource.uid},
            {"op": "test", "path": "/metadata/finalizers", "value": list(resource.finalizers) or None},
            {"op": "add", "path": "/metadata/finalizers", "value": list(finalizers)},
        ]
        try:
            async with self._slots:
                answer = await self._client.patch(camera_path(resource.namespace, resource.name), operations)
        except NotFoundError:
            self._queue.done(resource.name)  # it has gone, as the watch will tell
            return None
        except SnowlightError as error:
            self._failures.tell(error, resource=resource.name)
            self._queue.retry(resource.name)
            return None
        self._failures.succeeded()
        self._store.cameras.put(answer)
        return CameraResource.of(answer)
