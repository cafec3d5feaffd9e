"""docs/operations.md as an operator follows it: its runbooks, and their commands as they stand there."""

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.parts.part import ROOT

GUIDE = ROOT / "docs" / "operations.md"
_SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """What stands below the heading `## title`."""
    found = GUIDE.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert found, f"there is no section {title}"
    return found


def runbooks() -> dict[str, str]:
    """The text of each runbook, by its heading."""
    _, *parts = re.split(r"^### ", section("Runbooks"), flags=re.MULTILINE)
    return {title: text for title, _, text in (part.partition("\n") for part in parts)}


def commands(runbook: str, word: str) -> str:
    """The one block of commands of a runbook that has `word` in it."""
    (found,) = (block for block in _SHELL.findall(runbooks()[runbook]) if word in block)
    return str(found)


async def carry_out(
    block: str, folder: Path, environment: Mapping[str, str], *, expected_status: int = 0
) -> str:
    """Run commands in `folder`, as an operator's shell does. Returns what they print."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SNOWLIGHT_")}
    path = f"{Path(sys.executable).parent}:{inherited['PATH']}"
    child = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", block),
        cwd=folder,
        env={**inherited, "PATH": path, **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await child.communicate()
    assert child.returncode == expected_status, f"{block}: {child.returncode}\n{printed.decode()}"
    return printed.decode()
