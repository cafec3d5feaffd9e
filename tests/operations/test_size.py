"""The table of sizes is what its formulas make of the figures that they name."""

import math
import re

import pytest

from tests.operations.guide import section
from tests.parts.part import ROOT

FIGURES = {
    "cores": "*n* x 0.2 % / 0.7",
    "memory": "cores x 105 MB + *n* x 0.5 MB",
    "page cache": "*n* x 0.25 MB/s x 60 s",
    "network": "*n* x 2 Mb/s",
    "spool": "*n* x 0.25 MB/s x 3,600 s",
    "store": "*n* x 0.25 MB/s x 86,400 s x 30",
    "database": "*n* x 1,440 minutes x 2 days x 1.3 KB",
}
GUIDE = section("How large a cluster is")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in GUIDE.splitlines()
    if re.match(r"\| [\d,]+ \|", line)
]


@pytest.mark.parametrize("what", FIGURES)
def test_a_formula_is_the_one_that_is_recomputed(what: str) -> None:
    assert f"| {what} | {FIGURES[what]}" in GUIDE


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_row_is_what_the_formulas_make(row: list[str]) -> None:
    cameras = int(row[0].replace(",", ""))
    cores = math.ceil(cameras * 0.002 / 0.7)
    computed = (
        (cores, ""),
        (cores * 0.105 + cameras * 0.0005, "GB"),
        (cameras * 0.00025 * 60, "GB"),
        (cameras * 0.002, "Gb/s"),
        (cameras * 0.00000025 * 3_600, "TB"),
        (cameras * 0.00000025 * 86_400 * 30, "TB"),
        (cameras * 1_440 * 2 * 1.3 / 1e6, "GB"),
    )
    for told, (value, unit) in zip(row[1:], computed, strict=True):
        number, _, told_unit = told.partition(" ")
        assert told_unit == unit
        digits = number.replace(",", "")
        decimals = len(digits.partition(".")[2])
        assert float(digits) == pytest.approx(value, abs=0.501 * 10**-decimals), (row[0], told, value)


def test_a_camera_is_not_reckoned_cheaper_than_it_was_measured() -> None:
    benchmarks = (ROOT / "docs" / "benchmarks.md").read_text()
    measured = re.search(
        r"\| Snowlight ingest, compiled, objects into MinIO \| (\d+) \| ([\d.]+) % \|", benchmarks
    )
    assert measured is not None
    assert float(measured[2]) / int(measured[1]) <= 0.2
    rows = (ROOT / "docs" / "design" / "0006-two-days-of-rows.md").read_text()
    assert "1.0 KB and 0.3 KB of index, *measured*" in rows


def test_four_counties_are_told() -> None:
    assert [row[0] for row in ROWS] == ["59", "2,600", "15,000", "28,500"]
