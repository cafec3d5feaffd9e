"""After an install a person is told what is missing and what to do next."""

import re

import pytest

from services.admin.command import main
from tests.chart.matrix import ALL, EMBEDDED, MATRIX, manifests_of
from tests.chart.rendering import containers, notes


def test_secrets_that_somebody_has_to_make_are_told() -> None:
    """All that pods of the chart as it is read, and the chart does not make."""
    told = set(re.findall(r"^ {5}(snowlight-[a-z-]+): ", notes(), re.MULTILINE))
    manifests = manifests_of("as it is")
    made = {m["metadata"]["name"] for m in manifests if m["kind"] == "Secret"}
    read = set()
    for workload in manifests:
        if workload["kind"] in ("Deployment", "StatefulSet", "Job"):
            for volume in workload["spec"]["template"]["spec"]["volumes"]:
                read |= {volume["secret"]["secretName"]} if "secret" in volume else set()
            for variable in (v for c in containers(workload) for v in c["env"]):
                secret = variable.get("valueFrom", {}).get("secretKeyRef")
                read |= {secret["name"]} if secret else set()
    assert told == read - made


@pytest.mark.parametrize("name", ["secrets told", "Secrets of one's own"])
def test_nothing_is_told_as_missing_where_all_is_there(name: str) -> None:
    values = {**MATRIX[name], "tls": {"existingSecret": "pki"}}
    assert "Pods wait for" not in notes(values)


def test_what_is_for_a_first_try_is_warned_of() -> None:
    assert "PostgreSQL and MinIO run as one pod" in notes(EMBEDDED)
    assert "plain text" in notes({"tls": {"enabled": False}})
    assert "WARNING" not in notes()


def test_a_copy_of_the_key_is_asked_for_where_the_chart_has_made_it() -> None:
    assert "Keep a copy of the cluster key" in notes()
    assert "Keep a copy" not in notes({"clusterKey": {"existingSecret": "key"}})


@pytest.mark.parametrize("command", ["import-regions", "create-operator"])
def test_the_commands_told_exist(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"snowlight admin {command}" in notes()
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert command in capsys.readouterr().out


def test_each_row_has_its_notes() -> None:
    assert all("create-operator" in notes(MATRIX[name]) for name in ALL if name in MATRIX)
