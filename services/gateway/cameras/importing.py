"""A file of cameras, line by line: each is decided and written by itself, whatever becomes of the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NamedTuple

from google.protobuf.field_mask_pb2 import FieldMask

from services.gateway.cameras.csv_columns import (
    ID,
    complete_dossier,
    credentialed,
    differing,
    read_row,
)
from services.gateway.cameras.read_model import CameraModel
from services.gateway.cameras.writing_together import WritingTogether
from services.gateway.peers import Peers
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person, Sight
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.clock import Clock
from snowlight.csv_table import Row
from snowlight.errors import (
    AlreadyExistsError,
    InvalidArgumentError,
    ResourceExhaustedError,
    SnowlightError,
)

MAX_LINES = 30_000
MAX_FILE_LINES = 1 << 20
"""As many as a spreadsheet has, where most may be empty."""
MAX_RUN_S = 1_800.0
_AT_ONCE = 100
_TURN_S = 0.005
"""Of reading, until others have a turn."""
_HEARD_OF_S = 2.0


@dataclass(frozen=True, slots=True)
class Choice:
    """What a caller wants of an import."""

    dry_run: bool
    """Decide and check all, write nothing."""
    update: bool
    """Change cameras that are registered with other values."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a line, or would become: created, updated, unchanged or refused."""

    line: int
    camera_id: str
    action: str
    errors: tuple[SnowlightError, ...] = ()
    revision: int = 0
    """Of the registry, once it is written."""

    def json(self) -> dict[str, Any]:
        """The line as the report has it."""
        return {
            "line": self.line,
            "camera": f"cameras/{self.camera_id}" if self.camera_id else "",
            "action": self.action,
            "errors": [
                {"field": error.field, "code": error.code, "detail": error.detail} for error in self.errors
            ],
        }


class _Line(NamedTuple):
    """A row, and as `read_row` has it: the camera, the fields that the row gives, and what is wrong."""

    row: Row
    camera: camera_pb2.Camera
    fields: list[str]
    wrong: list[InvalidArgumentError]


class CameraImport:
    """Imports for people who may write the cameras in them."""

    def __init__(self, peers: Peers, identity: Identity, model: CameraModel, clock: Clock) -> None:
        self._peers = peers
        self._identity = identity
        self._model = model
        self._clock = clock

    async def run(self, person: Person, rows: Iterator[Row], choice: Choice) -> AsyncGenerator[Outcome, None]:
        """What became of each row, in order; 100 of them are worked on at a time.

        The first behind the 30,000th ends it, refused; those not begun after 30 minutes are refused.
        Raises UnavailableError, and InvalidArgumentError as `read_table`.
        """
        sight = await self._identity.sight(person)
        identity = self._identity.together(person)
        writing = WritingTogether(self._peers, identity, validate_only=choice.dry_run)
        lines = _Lines(writing, identity, self._model, person, sight, choice)
        ends = self._clock.monotonic() + MAX_RUN_S
        first_lines: dict[str, int] = {}
        async with aclosing(_batches(rows)) as batches:
            async for batch in batches:
                refused = [
                    row.problem
                    or _check_time(self._clock.monotonic() < ends)
                    or _check_first(row, first_lines)
                    for row, *_ in batch
                ]
                for outcome in await lines.together(batch, refused):
                    yield outcome


async def _batches(rows: Iterator[Row]) -> AsyncGenerator[list[_Line], None]:
    """A hundred lines at a time, without the empty ones. Whatever is in them, others have turns meanwhile."""
    loop = asyncio.get_running_loop()
    turn_ends = loop.time() + _TURN_S
    batch: list[_Line] = []
    for row in _bounded(rows):
        if row.text or row.problem is not None:
            batch.append(_Line(row, *read_row(row.text)))
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
        if loop.time() > turn_ends:
            await asyncio.sleep(0)
            turn_ends = loop.time() + _TURN_S
    if batch:
        yield batch


def _bounded(rows: Iterator[Row]) -> Iterator[Row]:
    """As many as a file may have, and the first that is one too many, with that as its problem."""
    cameras = 0
    for row in rows:
        cameras += bool(row.text or row.problem)
        if cameras > MAX_LINES or row.line > MAX_FILE_LINES:
            problem = (
                f"a file has at most {MAX_LINES} cameras and {MAX_FILE_LINES} lines: what follows is left"
            )
            yield row._replace(problem=InvalidArgumentError("import.too_long", problem, field="file"))
            return
        yield row


class _Lines:
    """The lines of one import."""

    def __init__(
        self,
        writing: WritingTogether,
        identity: Identity,
        model: CameraModel,
        person: Person,
        sight: Sight,
        choice: Choice,
    ) -> None:
        self._writing = writing
        self._identity = identity
        self._model = model
        self._person = person
        self._sight = sight
        self._choice = choice

    async def together(
        self, batch: Iterable[_Line], refused: Iterable[SnowlightError | None]
    ) -> list[Outcome]:
        """What became of each line, of those that are not refused already."""
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._one(line, problem))
                for line, problem in zip(batch, refused, strict=True)
            ]
        return [task.result() for task in tasks]

    async def _one(self, line: _Line, problem: SnowlightError | None) -> Outcome:
        row, camera, fields, wrong = line
        camera_id = row.text.get(ID, "")[:64]
        if problem is not None:
            return Outcome(row.line, camera_id, "refused", (problem,))
        if wrong:
            return Outcome(row.line, camera_id, "refused", tuple(wrong))
        try:
            current = self._model.by_name(f"cameras/{camera_id}")
            if current is not None and await self._shown(current):
                return await self._again(row.line, current, camera, fields)
            try:
                return await self._new(row.line, camera_id, camera, fields)
            except AlreadyExistsError:
                current = await self._made_just_now(camera_id)
                if current is None or not await self._shown(current):
                    raise
                return await self._again(row.line, current, camera, fields)
        except SnowlightError as error:
            return Outcome(row.line, camera_id, "refused", (error,))

    async def _made_just_now(self, camera_id: str) -> camera_pb2.Camera | None:
        """What an import that broke off may have made a moment ago, and this gateway has yet to hear of."""
        return await self._model.appeared(f"cameras/{camera_id}", timeout_s=_HEARD_OF_S)

    async def _shown(self, camera: camera_pb2.Camera) -> bool:
        """They may know of it; of others an import tells what POST would."""
        return self._sight.sees(camera) or await self._identity.may(
            self._person, "camera.read", camera_uid=camera.uid
        )

    async def _new(self, line: int, camera_id: str, camera: camera_pb2.Camera, fields: list[str]) -> Outcome:
        for field in ("region", "source_url"):
            if field not in fields:
                raise InvalidArgumentError("request.required", f"{field} is required", field=field)
        if "enabled" not in fields:
            camera.enabled = True
        wish = camera_pb2.CreateCameraRequest(camera_id=camera_id, camera=camera)
        created = await self._writing.create(self._person, wish)
        return Outcome(line, camera_id, "create", revision=created.revision)

    async def _again(
        self, line: int, current: camera_pb2.Camera, camera: camera_pb2.Camera, fields: list[str]
    ) -> Outcome:
        camera_id = current.name.removeprefix("cameras/")
        complete_dossier(current, camera)
        other = differing(current, camera, fields)
        if not self._choice.update:
            errors = tuple(
                AlreadyExistsError("camera.exists", "it is registered with another value", field=field)
                for field in other
            )
            return Outcome(line, camera_id, "refused" if errors else "unchanged", errors)
        secret = credentialed(camera, fields)  # ingest alone can tell whether they are what it has
        if not other and not secret:
            return Outcome(line, camera_id, "unchanged")
        camera.name = current.name
        wish = camera_pb2.UpdateCameraRequest(
            camera=camera, update_mask=FieldMask(paths=dict.fromkeys([*other, *secret]))
        )
        written = await self._writing.change(self._person, current, wish)
        same = not self._choice.dry_run and written.etag == current.etag
        return Outcome(line, camera_id, "unchanged" if same else "update", revision=written.revision)


def _check_time(left: bool) -> SnowlightError | None:
    if left:
        return None
    return ResourceExhaustedError("import.time_over", "the import has taken too long: repeat it for the rest")


def _check_first(row: Row, first_lines: dict[str, int]) -> SnowlightError | None:
    camera_id = row.text.get(ID, "")
    first = first_lines.setdefault(camera_id, row.line)
    if not camera_id or first == row.line:
        return None
    return InvalidArgumentError("import.twice", f"it is on line {first} too", field=ID)
