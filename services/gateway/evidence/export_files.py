"""The files of an export, to be taken along: all in one package, one file, the manifest, its signature."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError

from services.gateway.evidence.export_rights import ExportRights, Footage
from services.gateway.evidence.package import Entry, Package, Slice, Stored
from services.gateway.evidence.readme import readme
from services.gateway.people.sight import Person
from services.gateway.viewing.use import TicketUse
from snowlight.access.token import TicketClaims
from snowlight.api.storage.v1 import export_pb2
from snowlight.clock import Clock
from snowlight.errors import (
    ExpiredError,
    FailedPreconditionError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from snowlight.evidence.manifest import MANIFEST_NAME
from snowlight.evidence.signature import SIGNATURE_SUFFIX
from snowlight.instants import format_instant

if TYPE_CHECKING:
    from obstore.store import ObjectStore


@dataclass(frozen=True, slots=True)
class Taking:
    """What somebody takes along, decided and on record."""

    what: Package | Stored
    etag: str
    """Strong, with its quotes."""
    name: str
    content_type: str
    uses: Sequence[TicketUse]
    """The tickets that it rests on, one for each camera."""


class ExportFiles:
    """Reads the evidence store, for who may export what is read."""

    def __init__(self, rights: ExportRights, evidence: ObjectStore, clock: Clock, time_zone: str) -> None:
        """`time_zone`: of the instants in the names of what is taken along."""
        self._rights = rights
        self._evidence = evidence
        self._clock = clock
        self._zone = ZoneInfo(time_zone)

    async def take(self, person: Person, name: str, file: str | None) -> Taking:
        """One of the export's files, by its name without a folder; None: the whole package.

        Raises NotFoundError, FailedPreconditionError("export.not_ready", "export.not_rendered"),
        ExpiredError("export.expired"), and PermissionDeniedError for what may not be exported any more.
        """
        export = await self._whole(person, name)
        if not export.HasField("rendering"):
            raise FailedPreconditionError("export.not_rendered", "this export has no files to be loaded")
        if export.expired or self._clock.now_ms() >= export.expire_ms:
            raise ExpiredError("export.expired", "the files of this export are deleted: make another one")
        if file is None:
            return await self._take_package(person, export)
        found = next((each for each in export.files if each.file.rpartition("/")[2] == file), None)
        if found is None:
            raise NotFoundError("export.file_unknown", "the export has no such file", field="file")
        return Taking(
            _stored(export, found),
            f'"{found.sha256.hex()}"',
            file,
            "video/mp4",
            await self._take(person, export, [found.camera_uid]),
        )

    async def manifest(self, person: Person, name: str, suffix: str = "") -> bytes:
        """The signed list of all that the export holds, or with `SIGNATURE_SUFFIX` its signature. Raises as
        `take`."""
        export = await self._whole(person, name)
        return await self._read_all(export.manifest_key + suffix)

    async def pieces(
        self, taking: Taking, start: int, end: int, at_once: int
    ) -> AsyncGenerator[tuple[bytes, TicketUse | None], None]:
        """Bytes [start, end), `at_once` of a file at a time; with a piece whose footage it is."""
        uses = {use.claims.camera_uid: use for use in taking.uses}
        for each in _slices(taking.what, start, end):
            if isinstance(each.of, bytes):
                yield each.of[each.start : each.end], None
                continue
            for begin in range(each.start, each.end, at_once):
                piece = await self._read(each.of.key, begin, min(begin + at_once, each.end))
                yield piece, uses[each.of.camera_uid]

    async def _whole(self, person: Person, name: str) -> export_pb2.Export:
        """Raises FailedPreconditionError("export.not_ready") until it is whole."""
        export = await self._rights.known(person, name)
        if export.state != export_pb2.Export.SUCCEEDED:
            state = export_pb2.Export.State.Name(export.state)
            raise FailedPreconditionError("export.not_ready", f"the export is {state}")
        return export

    async def _take_package(self, person: Person, export: export_pb2.Export) -> Taking:
        uses = await self._take(person, export, export.camera_uids)
        manifest = await self._read_all(export.manifest_key)
        signature = await self._read_all(export.manifest_key + SIGNATURE_SUFFIX)
        return Taking(
            Package(_entries(export, manifest, signature), export.create_ms),
            f'"{hashlib.sha256(manifest + signature).hexdigest()[:32]}"',
            f"{export.case_number}_{self._local(export.start_ms)}.zip",
            "application/zip",
            uses,
        )

    async def _take(self, person: Person, export: export_pb2.Export, uids: Sequence[str]) -> list[TicketUse]:
        footage = Footage.of(export)
        uses = await self._rights.take(
            person, Footage(uids, footage.start_ms, footage.end_ms, footage.purpose)
        )
        for use in uses:
            require_obliged(export.rendering, use.claims)
        return uses

    async def _read(self, key: str, start: int, end: int) -> bytes:
        with _store_errors():
            return bytes(await obstore.get_range_async(self._evidence, key, start=start, end=end))

    async def _read_all(self, key: str) -> bytes:
        with _store_errors():
            return bytes(await (await obstore.get_async(self._evidence, key)).bytes_async())

    def _local(self, instant_ms: int) -> str:
        return f"{datetime.fromtimestamp(instant_ms / 1000, self._zone):%Y%m%d-%H%M%S}"


def require_obliged(rendering: export_pb2.Rendering, claims: TicketClaims) -> None:
    """Raises PermissionDeniedError for files that are more than a right is for: what it obliges to may have
    changed since they were made, or be another for who loads them."""
    if claims.marked and not rendering.burn_in:
        raise PermissionDeniedError("export.not_marked", "your right is for marked pictures: make an export")
    if claims.silent and claims.camera_uid not in rendering.silent_camera_uids:
        raise PermissionDeniedError("export.not_silent", "your right is without sound: make an export")


@contextmanager
def _store_errors() -> Iterator[None]:
    """Turn what the store raises into the tree's errors."""
    try:
        yield
    except (ObjectNotFoundError, FileNotFoundError) as error:
        raise ExpiredError("export.expired", "the files of this export are deleted") from error
    except (BaseError, OSError) as error:
        raise UnavailableError("evidence.unavailable", "the evidence store does not answer") from error


def _entries(export: export_pb2.Export, manifest: bytes, signature: bytes) -> list[Entry]:
    """Below a folder of its own, so that unpacking scatters nothing."""
    folder = export.name.replace("/", "-")
    text = readme(
        export=export.name,
        case_number=export.case_number,
        create_time=format_instant(export.create_ms),
        start=format_instant(export.start_ms),
        end=format_instant(export.end_ms),
    )
    return [
        Entry(f"{folder}/README.txt", text),
        Entry(f"{folder}/{MANIFEST_NAME}", manifest),
        Entry(f"{folder}/{MANIFEST_NAME}{SIGNATURE_SUFFIX}", signature),
        *(Entry(f"{folder}/{file.file}", _stored(export, file)) for file in export.files),
    ]


def _stored(export: export_pb2.Export, file: export_pb2.RenderedFile) -> Stored:
    folder = export.manifest_key.removesuffix(MANIFEST_NAME)
    return Stored(folder + file.file, file.size, file.crc32, file.camera_uid)


def _slices(what: Package | Stored, start: int, end: int) -> list[Slice]:
    return [Slice(what, start, end)] if isinstance(what, Stored) else list(what.between(start, end))
