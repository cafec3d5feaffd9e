"""An export is whole and as it was signed, or it is told what is not."""

from hashlib import sha256
from pathlib import Path

import pytest

from services.verify import main
from snowlight.access.cluster_key import ClusterKey
from snowlight.errors import DataLossError, InvalidArgumentError, NotFoundError
from snowlight.evidence.manifest import (
    MANIFEST_NAME,
    EvidenceCamera,
    EvidenceGap,
    EvidenceObject,
    Manifest,
    parse_manifest,
    to_ms,
)
from snowlight.evidence.signature import evidence_key, public_jwk, read_public_key, sign
from snowlight.evidence.verification import verify
from snowlight.instants import format_instant

START_MS = 1_764_145_800_000
KEY = evidence_key(ClusterKey("a cluster key that is long enough for a test"))
OTHER_KEY = evidence_key(ClusterKey("another cluster's key that is long enough"))


def write_export(folder: Path, *, gap_cause: str | None = "network") -> Path:
    """Two objects of a minute each, a hole of ten seconds between them."""
    objects = []
    for number, start_ms in enumerate((START_MS, START_MS + 70_000)):
        content = bytes([number]) * 5000
        file = f"cam/{start_ms}.mp4"
        (folder / "cam").mkdir(exist_ok=True)
        (folder / file).write_bytes(content)
        digest = sha256(content).hexdigest()
        objects.append(
            EvidenceObject(
                file=file,
                start=format_instant(start_ms),
                end=format_instant(start_ms + 60_000),
                size=len(content),
                sha256=digest,
                committed_sha256=digest,
                store="default",
                key=f"rec/cam/20251126/{start_ms}-60000-1-{number}-0a1b2c3d.mp4",
                epoch=1,
                codecs="avc1.640028",
            )
        )
    hole = (format_instant(START_MS + 60_000), format_instant(START_MS + 70_000))
    gaps = (EvidenceGap(start=hole[0], end=hole[1], cause=gap_cause),) if gap_cause else ()
    manifest = Manifest(
        export="exports/e1",
        case_number="A4213-2026-0117",
        reason="theft at the east gate",
        created_by="principals/li",
        create_time=format_instant(START_MS + 500_000),
        start=format_instant(START_MS + 10_000),
        end=format_instant(START_MS + 125_000),
        immutable=True,
        retain_until=format_instant(START_MS + 86_400_000),
        cameras=(EvidenceCamera(uid="cam", objects=tuple(objects), gaps=gaps),),
    )
    path = folder / MANIFEST_NAME
    path.write_bytes(manifest.to_bytes())
    path.with_name("manifest.json.jws").write_bytes(sign(manifest.to_bytes(), KEY))
    return path


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
