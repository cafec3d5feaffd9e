"""The Dockerfile, read: pinned, without secrets, by the scripts that the other tests here have run."""

import re

from tests.image.conftest import SCRIPTS
from tests.parts.part import ROOT

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
INSTRUCTIONS = [
    line.split(maxsplit=1)
    for line in re.sub(r"\\\n\s*", " ", DOCKERFILE).splitlines()
    if line and not line.startswith("#")
]
ARGUMENTS = [rest for name, rest in INSTRUCTIONS if name == "ARG"]
FINAL = INSTRUCTIONS[max(i for i, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM") :]


def test_every_base_image_is_pinned_by_a_digest_that_the_build_must_name() -> None:
    stages: set[str] = set()
    for source, stage in re.findall(r"^FROM (\S+)(?: AS (\S+))?$", DOCKERFILE, re.MULTILINE):
        if source not in stages:
            pinned = re.fullmatch(r"\$\{(\w+)_IMAGE\}@\$\{(\w+)_DIGEST\}", source)
            assert pinned and pinned[1] == pinned[2], source
            assert f"{pinned[1]}_DIGEST" in ARGUMENTS
        stages.add(stage)


def test_no_argument_carries_a_secret() -> None:
    names = {argument.partition("=")[0] for argument in ARGUMENTS}
    assert not [name for name in names if re.search("SECRET|PASSWORD|TOKEN|KEY|INDEX|AUTH", name)]
    assert "ENV PIP" not in DOCKERFILE


def test_it_runs_as_a_user_by_number_who_is_not_root() -> None:
    (user,) = [rest for name, rest in FINAL if name == "USER"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    position = {name: at for at, (name, _) in enumerate(FINAL)}
    assert position["USER"] > position["RUN"], "what runs at the build is root's"


def test_the_last_stage_installs_nothing() -> None:
    runs = " ".join(rest for name, rest in FINAL if name == "RUN")
    assert not re.search(r"\b(apt|apt-get|pip|npm)\b", runs)
    assert ["ENTRYPOINT", '["snowlight"]'] in FINAL


def test_it_calls_the_steps_that_are_tested_in_their_order() -> None:
    called = re.findall(r"RUN .*?deploy/image/(\w+)\.sh", DOCKERFILE)
    steps = re.findall(r'"\$here/(\w+)\.sh"', (SCRIPTS / "steps.sh").read_text())
    assert called == steps


def test_what_it_copies_is_in_the_context() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for name, rest in INSTRUCTIONS:
        if name != "COPY" or rest.startswith("--from"):
            continue
        for source in rest.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert any(source == part or source.startswith(f"{part}/") for part in let_in), source
