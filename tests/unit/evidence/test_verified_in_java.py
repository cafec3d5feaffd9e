"""The verifier of `clients/java` finds what `snowlight verify` finds: the format is open."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from services.verify import main
from snowlight.evidence.signature import public_jwk, sign
from tests.parts.access_clients import JavaClients
from tests.parts.evidence_package import KEY, write_export
from tests.unit.evidence.test_forged_signature import FORGERIES
from tests.unit.evidence.test_verification import OTHER_KEY

Change = Callable[[Path], object]
SIGNATURE = "manifest.json.jws"


def by_another(manifest: Path) -> None:
    manifest.with_name(SIGNATURE).write_bytes(sign(manifest.read_bytes(), OTHER_KEY))


def another_case(manifest: Path) -> None:
    manifest.write_bytes(manifest.read_bytes().replace(b"A4213", b"A4214"))


def another_byte(manifest: Path) -> None:
    first = min((manifest.parent / "cam").iterdir())
    first.write_bytes(b"\xff" + first.read_bytes()[1:])


def another_length(manifest: Path) -> None:
    last = max((manifest.parent / "cam").iterdir())
    last.write_bytes(last.read_bytes()[:-1])


def an_unexplained_hole(manifest: Path) -> None:
    write_export(manifest.parent, gap_cause=None)


def not_what_was_recorded(manifest: Path) -> None:
    said = json.loads(manifest.read_bytes())
    said["cameras"][0]["objects"][0]["committed_sha256"] = "0" * 64
    manifest.write_text(json.dumps(said))
    manifest.with_name(SIGNATURE).write_bytes(sign(manifest.read_bytes(), KEY))


CHANGES: dict[str, Change] = {
    "nothing": lambda manifest: None,
    "another signer": by_another,
    "another case": another_case,
    "another byte": another_byte,
    "another length": another_length,
    "a file that is gone": lambda manifest: min((manifest.parent / "cam").iterdir()).unlink(),
    "an unexplained hole": an_unexplained_hole,
    "another hash at its recording": not_what_was_recorded,
    "no signature": lambda manifest: manifest.with_name(SIGNATURE).unlink(),
    "a public key with a private one": lambda manifest: manifest.with_name(SIGNATURE).write_bytes(
        FORGERIES["trusted x, own d"]
    ),
    "a payload that is brought along": lambda manifest: manifest.with_name(SIGNATURE).write_bytes(
        FORGERIES["a true signature with what it is of"]
    ),
}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The cluster's, to trust."""
    file = tmp_path / "cluster.jwk"
    file.write_text(public_jwk(KEY))
    return file


@pytest.mark.parametrize("change", CHANGES)
def test_it_finds_what_our_own_finds(
    java_clients: JavaClients, tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    manifest = write_export(folder)
    CHANGES[change](manifest)
    status = main([str(manifest), "--key", str(key)])
    ours = capsys.readouterr()
    theirs = checked(java_clients, manifest, "--key", key)
    assert theirs.returncode == status == (0 if change == "nothing" else 1)
    assert theirs.stdout == ours.out
    assert theirs.stderr == ours.err.replace(f"{folder}/", "")


def test_it_reads_a_package_as_it_was_downloaded(java_clients: JavaClients, tmp_path: Path) -> None:
    folder = tmp_path / "exports-e1"
    folder.mkdir()
    write_export(folder)
    package = tmp_path / "package.zip"
    with ZipFile(package, "w") as written:
        for file in sorted(folder.rglob("*")):
            written.write(file, file.relative_to(tmp_path))
    found = checked(java_clients, package)
    assert found.returncode == 0, found.stderr
    assert "not compared with a key you trust" in found.stdout
    assert "2 objects, 10000 bytes, 1 gaps" in found.stdout


def test_it_tells_who_took_it_and_what_the_cameras_clock_showed(
    java_clients: JavaClients, tmp_path: Path
) -> None:
    manifest = write_export(tmp_path)
    officer = {"person": "031877", "unit": "城关派出所", "organisation": "", "incident": "case 2026-118"}
    said = json.loads(manifest.read_bytes()) | {"format": "snowlight-evidence/3", "exporter": officer}
    said["cameras"][0] |= {"rendered": [], "clock": {"offset_ms": -1_250, "measured": said["start"]}}
    manifest.write_text(json.dumps(said))
    manifest.with_name(SIGNATURE).write_bytes(sign(manifest.read_bytes(), KEY))
    lines = checked(java_clients, manifest).stdout.splitlines()
    assert "for:      031877, 城关派出所, case 2026-118" in lines
    assert f"clock:    of cam 1.250 s behind at {said['start']}" in lines


@pytest.mark.parametrize("unknown", ["exporter", "another"])
def test_a_field_that_the_format_does_not_have_is_refused(
    java_clients: JavaClients, tmp_path: Path, unknown: str
) -> None:
    manifest = write_export(tmp_path)
    manifest.write_text(json.dumps(json.loads(manifest.read_bytes()) | {unknown: None}))
    manifest.with_name(SIGNATURE).write_bytes(sign(manifest.read_bytes(), KEY))
    found = checked(java_clients, manifest)
    assert found.returncode == 1
    assert found.stderr == f"snowlight: evidence.manifest_malformed: {unknown}: is not known\n"


def checked(java: JavaClients, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [*java.verify, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)
