"""Each runbook tells by which tests it is rehearsed, and they are there."""

import re

from tests.operations.guide import runbooks, section
from tests.parts.part import ROOT

ROWS = {
    cells[0]: cells[1:]
    for cells in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section("Which runbooks are rehearsed").splitlines()
        if line.startswith("|")
    )
    if cells[0] not in ("runbook", "---")
}


def test_every_runbook_has_its_row() -> None:
    assert list(ROWS) == list(runbooks())


def test_every_row_names_tests_that_are_there() -> None:
    for runbook, (tests, _) in ROWS.items():
        named = re.findall(r"`([^`]+)`", tests)
        assert named, runbook
        assert [name for name in named if not (ROOT / name).is_file()] == []
