"""Evidence in a local folder: files that were rendered come into it without being copied."""

from pathlib import Path

import pytest

from services.storage.exports.evidence_folder import Folder
from snowlight.errors import UnavailableError


async def test_a_rendered_file_is_taken_as_it_is_and_stays_when_its_folder_goes(tmp_path: Path) -> None:
    made, evidence = tmp_path / "made.mp4", tmp_path / "evidence"
    made.write_bytes(b"pictures")
    for _ in range(2):  # as after a restart that did not know
        await Folder(evidence).put_file("exp/1/rendered/gate.mp4", made, 0)
    taken = evidence / "exp" / "1" / "rendered" / "gate.mp4"
    assert taken.samefile(made)
    assert taken.stat().st_mode & 0o222 == 0, "read-only"
    made.unlink()
    assert await Folder(evidence).read("exp/1/rendered/gate.mp4") == b"pictures"
    assert await Folder(evidence).files("exp/1/rendered") == {"gate.mp4"}, "nothing unfinished is left"


async def test_one_made_anew_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    evidence = Folder(tmp_path / "evidence")
    for content in (b"first", b"second"):
        made = tmp_path / "made.mp4"
        made.unlink(missing_ok=True)
        made.write_bytes(content)
        await evidence.put_file("gate.mp4", made, 0)
    assert await evidence.read("gate.mp4") == b"second"


async def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"evidence\.unavailable"):
        await Folder(tmp_path).put_file("gate.mp4", tmp_path / "nothing.mp4", 0)
