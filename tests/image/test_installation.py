"""What the image's steps install: all of Snowlight, nothing that builds it, and a list of its parts."""

import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.image.conftest import Installation
from tests.parts.part import ROOT

pytestmark = pytest.mark.timeout(900)
_LISTED = (
    "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
)


def test_the_wheel_has_the_console_inside(installation: Installation) -> None:
    names = zipfile.ZipFile(installation.wheel).namelist()
    assert "services/gateway/console/index.html" in names
    assert any(re.fullmatch(r"services/gateway/console/assets/.+\.js", name) for name in names)
    assert not any(name.startswith(("tests/", "simulator/", "bench/")) for name in names)


def test_the_command_runs_from_elsewhere(installation: Installation, tmp_path: Path) -> None:
    assert "media cluster" in installation.run("snowlight", "--help", folder=tmp_path).stdout
    found = installation.run("python", "-c", "import services; print(services.__file__)", folder=tmp_path)
    assert Path(found.stdout).is_relative_to(installation.folder)


def test_what_is_locked_is_installed_and_nothing_else(installation: Installation, tmp_path: Path) -> None:
    installed = _installed(installation, tmp_path)
    del installed["snowlight"]
    locked = set(re.findall(r"^([a-z0-9.-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert set(installed.items()) <= locked
    here = {name for name, _ in locked} - set(installed)
    assert here <= _for_other_systems(), "locked for this system, and not installed"


def test_the_bill_of_materials_lists_what_is_installed(installation: Installation, tmp_path: Path) -> None:
    bill = json.loads((installation.folder / "share" / "sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    listed = {_normal(part["name"]): part["version"] for part in bill["components"]}
    assert listed == _installed(installation, tmp_path)
    assert str(installation.folder) not in json.dumps(bill)


def test_nothing_that_builds_or_tests_is_in_it(installation: Installation, tmp_path: Path) -> None:
    assert not {"pip", "setuptools", "hatchling", "mypy", "pytest"} & set(_installed(installation, tmp_path))
    programs = {path.name for path in (installation.folder / "bin").iterdir()}
    assert not {"pip", "pip3", "gcc", "cc"} & programs
    packages = next((installation.folder / "lib").glob("python3*")) / "site-packages"
    assert not [name for name in ("pip", "tests", "simulator", "bench") if (packages / name).exists()]


def test_all_of_its_own_code_is_there_as_bytecode(installation: Installation) -> None:
    packages = next((installation.folder / "lib").glob("python3*")) / "site-packages"
    for package in ("services", "snowlight"):
        for source in (packages / package).rglob("*.py"):
            assert list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc")), source


def _installed(installation: Installation, folder: Path) -> dict[str, str]:
    listed = json.loads(installation.run("python", "-c", _LISTED, folder=folder).stdout)
    return {_normal(name): version for name, version in listed.items()}


def _for_other_systems() -> set[str]:
    """Names of the lock file's lines that have a marker."""
    return set(re.findall(r"^([a-z0-9.-]+)==\S+ ;", (ROOT / "requirements.lock").read_text(), re.MULTILINE))


def _normal(name: str) -> str:
    """As package indexes compare names (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
