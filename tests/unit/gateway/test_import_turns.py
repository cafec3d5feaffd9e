"""Whatever lies in a file of cameras, the gateway serves others while it reads it."""

from __future__ import annotations

import asyncio
import io
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

WIDE = ",".join((ID, *(f"dossier.{number}" for number in range(MOST_COLUMNS - 1)))).encode() + b"\n"
CHOICE = Choice(dry_run=True, update=False)


class Anybody:
    """Asks nobody: no line of these files gets so far."""

    async def sight(self, person: Person) -> None:
        pass

    def together(self, person: Person) -> None:
        pass


async def imported(file: bytes) -> tuple[list[Outcome], int]:
    """What became of the lines, and how many turns others had meanwhile."""
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    nobody = cast(Any, None)
    imports = CameraImport(
        cast(Peers, None), cast(Identity, Anybody()), cast(CameraModel, None), SystemClock()
    )
    others = asyncio.create_task(take_turns())
    try:
        with closing(read_table(io.BytesIO(file), UTF_8, column_of, (ID,), "import.file")) as rows:
            return [outcome async for outcome in imports.run(nobody, rows, CHOICE)], turns
    finally:
        others.cancel()


@pytest.mark.parametrize(
    ("file", "told", "least"),
    [
        (b"camera_id\n" + b"\n" * 400_000, 0, 10),
        (b"camera_id\n" + b'"\n\n\n\n"\n' * 80_000, 0, 5),
        (b"camera_id\n" + (b"," * (LONGEST_ROW - 1) + b"\n") * 100, 0, 10),
        (b"camera_id\n" + (b"," * (LONGEST_ROW - 2) + b"x\n") * 100, 100, 10),
        (b"camera_id\n" + b"," * (16 << 20), 1, 0),
        (b"camera_id\n" + b'"' + b"\n" * (16 << 20), 1, 0),
        (WIDE + (b",x" * (MOST_COLUMNS - 1) + b"\n") * 500, 500, 10),
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
async def test_others_have_turns_while_a_file_is_read(file: bytes, told: int, least: int) -> None:
    """`least`: many fewer than 5 ms each make; of what is refused at once, none."""
    outcomes, turns = await imported(file)
    assert len(outcomes) == told
    assert {outcome.action for outcome in outcomes} <= {"refused"}
    assert turns >= least


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
