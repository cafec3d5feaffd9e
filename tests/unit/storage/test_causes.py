"""Whoever looks at a gap is told its cause in words, whichever of the causes it is."""

import re
from pathlib import Path

import pytest

from services.storage.ledger.causes import CAUSES, EXPIRED, UNKNOWN

ROOT = Path(__file__).parents[3]
TOLD = {*CAUSES, EXPIRED, UNKNOWN}


def test_the_console_knows_every_cause() -> None:
    types = (ROOT / "console" / "src" / "api" / "types.ts").read_text()
    listed = re.search(r"GAP_CAUSES = \[(.*?)\]", types, re.DOTALL)
    assert listed is not None
    assert set(re.findall(r"'(\w+)'", listed[1])) == TOLD


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_console_has_a_word_for_every_cause(language: str) -> None:
    catalogue = (ROOT / "console" / "src" / "i18n" / f"{language}.ts").read_text(encoding="utf-8")
    words = re.search(r"causes: \{(.*?)\}", catalogue, re.DOTALL)
    assert words is not None
    told = dict(re.findall(r"(\w+): '(.+?)'", words[1]))
    assert set(told) == TOLD
    assert len(set(told.values())) == len(told), "no two causes read alike"


def test_operators_are_told_what_every_cause_means() -> None:
    guide = (ROOT / "docs" / "operations.md").read_text()
    section = guide.partition("## When a minute is missing")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == TOLD


def test_the_glossary_lists_every_cause() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    row = next(line for line in glossary.splitlines() if line.startswith("| cause |"))
    assert set(re.findall(r"`(\w+)`", row)) == TOLD
