"""An export is whole and as it was signed, or it is told what is not."""

from pathlib import Path

import pytest

from services.verify import main
from snowlight.access.cluster_key import ClusterKey
from snowlight.errors import DataLossError, InvalidArgumentError, NotFoundError
from snowlight.evidence.manifest import (
    FORMATS,
    MANIFEST_NAME,
    parse_manifest,
    to_ms,
)
from snowlight.evidence.signature import evidence_key, public_jwk, read_public_key, sign
from snowlight.evidence.verification import verify
from snowlight.instants import format_instant
from tests.parts.evidence_package import KEY, OFFICER, SLOW, START_MS, write_export, write_officers_export

OTHER_KEY = evidence_key(ClusterKey("another cluster's key that is long enough"))


def test_what_was_signed_is_whole(tmp_path: Path) -> None:
    verdict = verify(write_export(tmp_path), KEY)
    assert verdict.problems == []
    assert (verdict.objects, verdict.size, verdict.signer) == (2, 10_000, KEY.thumbprint())


def test_any_changed_byte_of_the_manifest_is_noticed(tmp_path: Path) -> None:
    path = write_export(tmp_path)
    data = path.read_bytes()
    for position in range(0, len(data), 7):
        changed = bytearray(data)
        changed[position] ^= 0x01
        path.write_bytes(changed)
        with pytest.raises(DataLossError, match=r"evidence\.signature_wrong"):
            verify(path)


def test_a_changed_signature_is_noticed(tmp_path: Path) -> None:
    path = write_export(tmp_path)
    signature_path = path.with_name("manifest.json.jws")
    data = signature_path.read_bytes()
    for position in range(0, len(data) - 1, 5):
        changed = bytearray(data)
        changed[position] ^= 0x01
        signature_path.write_bytes(changed)
        with pytest.raises(DataLossError, match=r"evidence\.sign"):
            verify(path, KEY)


def test_another_signer_is_not_believed(tmp_path: Path) -> None:
    path = write_export(tmp_path)
    path.with_name("manifest.json.jws").write_bytes(sign(path.read_bytes(), OTHER_KEY))
    with pytest.raises(DataLossError, match=r"evidence\.signer_unknown"):
        verify(path, KEY)
    assert verify(path).signer == OTHER_KEY.thumbprint(), "without a key to trust, the signer is only named"


def test_changed_short_and_missing_footage_is_named(tmp_path: Path) -> None:
    path = write_export(tmp_path)
    first, second = sorted((tmp_path / "cam").iterdir())
    first.write_bytes(b"\xff" + first.read_bytes()[1:])
    second.write_bytes(second.read_bytes()[:-1])
    changed, short = verify(path, KEY).problems
    assert changed.startswith(f"cam/{first.name}: its SHA-256")
    assert short == f"cam/{second.name}: has 4999 bytes, the manifest says 5000"
    second.unlink()
    assert verify(path, KEY).problems[1] == f"cam/{second.name}: is not there"


def test_a_part_of_the_window_that_is_passed_over_is_named(tmp_path: Path) -> None:
    assert verify(write_export(tmp_path, gap_cause=None), KEY).problems == [
        "cam: 10.0 s of the window are neither footage nor a gap"
    ]


def test_files_outside_the_export_are_not_read(tmp_path: Path) -> None:
    text = write_export(tmp_path).read_text().replace("cam/", "../cam/")
    with pytest.raises(DataLossError, match=r"evidence\.manifest_malformed.*file"):
        parse_manifest(text.encode())


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"manifest\.json"):
        verify(tmp_path / MANIFEST_NAME)
    path = write_export(tmp_path)
    path.with_name("manifest.json.jws").unlink()
    with pytest.raises(NotFoundError, match=r"manifest\.json\.jws"):
        verify(path)


def test_the_public_key_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(public_jwk(KEY))
    assert read_public_key(file).thumbprint() == KEY.thumbprint()
    assert "d" not in read_public_key(file).as_dict()
    file.write_text("no key")
    with pytest.raises(InvalidArgumentError, match="key"):
        read_public_key(file)


def test_instants_are_read_as_they_were_written() -> None:
    for ms in (0, 1, 999, START_MS, START_MS + 123):
        assert to_ms(format_instant(ms)) == ms


def test_the_command_says_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, key = write_export(tmp_path), tmp_path / "key.json"
    key.write_text(public_jwk(KEY))
    assert main([str(path), "--key", str(key)]) == 0
    assert "whole and as it was signed" in capsys.readouterr().out
    assert main([str(path)]) == 0
    assert "not compared with a key you trust" in capsys.readouterr().out
    path.write_bytes(path.read_bytes().replace(b"principals/li", b"principals/xi"))
    assert main([str(path), "--key", str(key)]) == 1
    assert "evidence.signature_wrong" in capsys.readouterr().err


def test_who_took_it_for_what_and_what_the_cameras_clock_showed_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_officers_export(tmp_path)
    verdict = verify(path, KEY)
    assert (verdict.problems, verdict.manifest.exporter) == ([], OFFICER)
    assert main([str(path)]) == 0
    told = capsys.readouterr().out
    assert "for:      031877, 城关派出所, County police, case 2026-118" in told
    assert f"clock:    of cam 1.250 s behind at {format_instant(START_MS)}" in told


def test_older_formats_have_only_what_they_know(tmp_path: Path) -> None:
    told = write_export(tmp_path).read_text()
    for unknown in ("exporter", "clock", "rendered"):
        assert f'"{unknown}"' not in told
    for fields in ({"exporter": OFFICER}, {"clock": SLOW}):
        for older in FORMATS[:2]:
            with pytest.raises(ValueError, match="from snowlight-evidence/3 on"):
                write_export(tmp_path, format=older, **fields)
