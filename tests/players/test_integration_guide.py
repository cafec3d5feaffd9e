"""docs/integration-police.md as an integrator and the carrier follow it: its commands as they stand there."""

import json
import re
from pathlib import Path

import pytest

from tests.operations.guide import carry_out
from tests.parts.bureau import AccessDoor
from tests.parts.part import ROOT
from tests.players.street import REGION, Street

SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```(go|java|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GUIDE = ROOT / "docs/integration-police.md"
CHINESE = ROOT / "docs/integration-police.zh-CN.md"


@pytest.mark.asyncio(loop_scope="package")
async def test_from_a_key_to_the_first_call(
    street: Street, door: AccessDoor, grpcurl: Path, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(door.authority.pem)
    (tmp_path / "ca-key.pem").write_bytes(door.authority.key_pem)
    (tmp_path / "grpcurl").symlink_to(grpcurl)
    key_and_request, signing, first_call = SHELL.findall(GUIDE.read_text(encoding="utf-8"))
    environment = {
        **street.snowlight.environment,
        "SNOWLIGHT_DATA_DIR": str(street.snowlight.data_dir),
        "SNOWLIGHT_LOG_LEVEL": "error",
        "REGION": REGION,
    }
    await carry_out(key_and_request + signing, tmp_path, environment)
    called = first_call.replace("grpcurl -cacert", "./grpcurl -cacert")
    told = await carry_out(called, tmp_path, {"DOOR": door.address, "PROTO": str(ROOT / "proto")})
    assert json.loads(told)["totalSize"] == 3


def test_both_languages_have_the_same_commands_and_code() -> None:
    english, chinese = (file.read_text(encoding="utf-8") for file in (GUIDE, CHINESE))
    for blocks in (SHELL, CODE):
        assert blocks.findall(english) == blocks.findall(chinese)
    assert len(re.findall(r"^## ", english, re.MULTILINE)) == len(re.findall(r"^## ", chinese, re.MULTILINE))


def test_the_code_shown_is_that_of_the_examples() -> None:
    sources = {"go": "go/*.go", "java": "java/client/**/*.java", "python": "python/*.py"}
    shown = CODE.findall(GUIDE.read_text(encoding="utf-8"))
    assert {language for language, _ in shown} == set(sources)
    for language, code in shown:
        files = (ROOT / "clients").glob(sources[language])
        lines = {line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()}
        assert {line.strip() for line in code.splitlines()} <= lines
