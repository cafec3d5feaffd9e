"""Whatever lies in a file of cameras, the gateway serves others while it reads it."""

from __future__ import annotations

import asyncio
import gc
import io
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, cast

import pytest

from services.gateway.cameras import importing
from services.gateway.cameras.csv_columns import ID, MOST_ERRORS, column_of
from services.gateway.cameras.importing import CameraImport, Choice, Outcome
from services.gateway.cameras.read_model import CameraModel
from services.gateway.peers import Peers
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person
from snowlight.clock import SystemClock
from snowlight.csv_table import LONGEST_ROW, MOST_COLUMNS, UTF_8, read_table

LONGEST_TURN_S = 0.025
"""Of the processor: 5 ms of reading, and the row that was begun."""
WIDE = ",".join((ID, *(f"dossier.{number}" for number in range(MOST_COLUMNS - 1)))).encode() + b"\n"
CHOICE = Choice(dry_run=True, update=False)


@pytest.fixture(autouse=True)
def no_collection() -> Iterator[None]:
    """A walk through all that pytest has loaded is none of an import's work."""
    gc.disable()
    yield
    gc.enable()


class Anybody:
    """Asks nobody: no line of these files gets so far."""

    async def sight(self, person: Person) -> None:
        pass

    def together(self, person: Person) -> None:
        pass


async def imported(file: bytes) -> tuple[list[Outcome], float]:
    """What became of the lines, and the longest that others waited, in seconds of the processor."""
    longest = 0.0

    async def wait_for_turns() -> None:
        nonlocal longest
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - begun)

    nobody = cast(Any, None)
    imports = CameraImport(
        cast(Peers, None), cast(Identity, Anybody()), cast(CameraModel, None), SystemClock()
    )
    others = asyncio.create_task(wait_for_turns())
    await asyncio.sleep(0)
    try:
        with closing(read_table(io.BytesIO(file), UTF_8, column_of, (ID,), "import.file")) as rows:
            outcomes = [outcome async for outcome in imports.run(nobody, rows, CHOICE)]
        await asyncio.sleep(0)
        return outcomes, longest
    finally:
        others.cancel()


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (b"camera_id\n" + b"\n" * 400_000, 0),
        (b"camera_id\n" + b'"\n\n\n\n"\n' * 80_000, 0),
        (b"camera_id\n" + (b"," * (LONGEST_ROW - 1) + b"\n") * 100, 0),
        (b"camera_id\n" + (b"," * (LONGEST_ROW - 2) + b"x\n") * 100, 100),
        (b"camera_id\n" + b"," * (16 << 20), 1),
        (b"camera_id\n" + b'"' + b"\n" * (16 << 20), 1),
        (WIDE + (b",x" * (MOST_COLUMNS - 1) + b"\n") * 500, 500),
    ],
    ids=[
        "empty lines",
        "rows of line breaks",
        "long empty rows",
        "long rows",
        "a line without an end",
        "a quote without an end",
        "many columns",
    ],
)
async def test_no_file_keeps_others_waiting(file: bytes, told: int) -> None:
    outcomes, longest_s = await imported(file)
    assert len(outcomes) == told
    assert {outcome.action for outcome in outcomes} <= {"refused"}
    assert longest_s < LONGEST_TURN_S


async def test_a_file_ends_with_the_first_row_or_line_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "MAX_LINES", 3)
    monkeypatch.setattr(importing, "MAX_FILE_LINES", 1_000)
    for rows, lines, too_long in (
        (b",a\n" * 3, [2, 3, 4], None),
        (b",a\n\n,a\n,a\n,a\n,a\n", [2, 4, 5, 6], 6),
        (b"\n" * 998 + b",a\n\n,a\n", [1_000, 1_001], 1_001),
        (b"\n" * 5_000, [1_001], 1_001),
    ):
        outcomes, _ = await imported(b"camera_id,owner\n" + rows)
        codes = {outcome.line: [error.code for error in outcome.errors] for outcome in outcomes}
        expected = {line: ["request.required"] for line in lines}
        assert codes == expected | ({too_long: ["import.too_long"]} if too_long else {})


async def test_of_a_row_no_more_errors_are_told_than_people_read() -> None:
    ((outcome,), _) = await imported(WIDE + b"x" + b",=" * (MOST_COLUMNS - 1))
    assert [error.code for error in outcome.errors] == ["import.formula"] * MOST_ERRORS
