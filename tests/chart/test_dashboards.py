"""Rules and dashboards ask for what running services tell, in words that Prometheus takes."""

import json
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.chart.rendering import CHART, of_kind, render
from tests.cluster.person import USERNAME, add_duty_officer, signed_in
from tests.cluster.village import run_village
from tests.parts.certificates import Authority, environment
from tests.parts.snowlight import SERVICES, Snowlight, run_separate
from tests.waiting import eventually

DASHBOARDS = sorted((CHART / "dashboards").glob("*.json"))
RULES = sorted((CHART / "rules").glob("*.yaml"))
OF_THE_TARGET = {"namespace", "job", "pod", "instance"}
"""Labels that Prometheus adds."""
AFTER_AN_EVENT = {
    "snowlight_ingest_publish_refused_total": {"reason"},
    "snowlight_ingest_kubernetes_requests_total": {"method", "status"},
    "snowlight_transcodes": {"rung"},
    "snowlight_transcodes_failed_total": {"code"},
    "snowlight_ingest_renditions": {"rendition"},
    "snowlight_gateway_sheets_total": {"from"},
    "snowlight_spool_shed_total": {"camera_class"},
    "snowlight_commits_total": {"outcome"},
    "snowlight_storage_store_fill": {"store"},
    "snowlight_storage_store_used_bytes": {"store"},
    "snowlight_storage_store_capacity_bytes": {"store"},
    "snowlight_storage_store_days_left": {"store"},
}
"""Labels of metrics that have no value before something happened."""


def expressions(dashboard: Path) -> list[str]:
    panels = json.loads(dashboard.read_text())["panels"]
    return [
        target["expr"].replace("$namespace", "snowlight") for panel in panels for target in panel["targets"]
    ]


def asked() -> Iterator[tuple[str, set[str]]]:
    """Each metric that is asked for, with the labels that it is chosen by."""
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    of_rules = [rule["expr"] for group in groups for rule in group["rules"]]
    for expression in (*of_rules, *(e for file in DASHBOARDS for e in expressions(file))):
        for name, chosen in re.findall(r"\b((?:snowlight|process)_\w+)(?:\{([^}]*)\})?", expression):
            yield name, set(re.findall(r"(\w+)(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', chosen)))


def grouped() -> Iterator[set[str]]:
    for file in DASHBOARDS:
        for expression in expressions(file):
            for labels in re.findall(r"\bby \(([^)]*)\)", expression):
                yield set(labels.replace(" ", "").split(","))


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Snowlight]:
    """Four processes with certificates, that record a camera."""
    authority = Authority()
    own = {
        name: environment(authority.issue(f"{name}.snowlight").write(tmp_path / name, authority.pem))
        for name in (*SERVICES, "admin")
    }
    own["ingest"]["SNOWLIGHT_KUBERNETES_NAMESPACE"] = "snowlight"  # of which it has metrics, before it asks
    settings = {"SNOWLIGHT_STORE_URL": f"file://{tmp_path}/footage", **own.pop("admin")}
    async with (
        run_village(tmp_path, 1) as sources,
        run_separate(tmp_path / "separate", {}, settings, own) as snowlight,
    ):
        password = await add_duty_officer(snowlight)
        async with signed_in(snowlight.url, USERNAME, password) as person:
            await person.create_camera("gate", sources[0].url)
            await person.wait_online("cameras/gate")
        yield snowlight


async def scraped(snowlight: Snowlight) -> dict[str, set[str]]:
    """The labels of each metric of all processes, by the name that is asked for."""
    found: dict[str, set[str]] = {}
    async with aiohttp.ClientSession() as http:
        for process in snowlight.processes.values():
            async with http.get(f"{process.admin_url}/metrics") as response:
                text = await response.text()
            for family in text_string_to_metric_families(text):
                suffix = "_total" if family.type == "counter" else ""
                found.setdefault(f"{family.name}{suffix}", set())
                for sample in family.samples:
                    found.setdefault(sample.name, set()).update(sample.labels)
    return found


async def test_running_services_have_every_metric_and_label_that_is_asked_for(cluster: Snowlight) -> None:
    async def all_there() -> bool:
        found = await scraped(cluster)
        return not {name for name, _ in asked()} - found.keys()

    await eventually(all_there, 60)
    found = await scraped(cluster)
    for name, labels in AFTER_AN_EVENT.items():
        found[name] |= labels
    for name, chosen in asked():
        assert chosen <= found[name] | OF_THE_TARGET, name
    known = set().union(*found.values()) | OF_THE_TARGET
    assert all(labels <= known for labels in grouped())


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda file: file.stem)
def test_prometheus_takes_each_query(promtool: Path, dashboard: Path, tmp_path: Path) -> None:
    queries = enumerate(expressions(dashboard))
    rules = [{"record": f"query:{number}", "expr": expression} for number, expression in queries]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": dashboard.stem, "rules": rules}]}))
    ended = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda file: file.stem)
def test_each_panel_is_of_the_namespace_that_is_chosen(dashboard: Path) -> None:
    for panel in json.loads(dashboard.read_text())["panels"]:
        for target in panel["targets"]:
            assert 'namespace="$namespace"' in target["expr"]


def monitored(**more: Any) -> dict[str, object]:
    parts = ("podMonitor", "rules", "dashboards")
    return {"monitoring": {part: {"enabled": True, **more.get(part, {})} for part in parts}}


def test_dashboards_are_handed_to_grafana_as_they_are() -> None:
    made = of_kind(render(monitored()), "ConfigMap")
    for file in DASHBOARDS:
        config = made[f"snowlight-dashboard-{file.stem}"]
        assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert json.loads(config["data"][file.name]) == json.loads(file.read_text())


def test_rules_are_handed_to_prometheus_as_they_are_but_for_where_the_pages_lie() -> None:
    values = monitored(rules={"docsUrl": "https://docs.example/", "labels": {"release": "prometheus"}})
    made = of_kind(render(values), "PrometheusRule")["snowlight"]
    assert made["metadata"]["labels"]["release"] == "prometheus"
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    for group in groups:
        for rule in group["rules"]:
            page = rule["annotations"]["runbook_url"].removeprefix("docs/")
            rule["annotations"]["runbook_url"] = f"https://docs.example/{page}"
    assert made["spec"]["groups"] == groups


def test_every_worker_of_a_pod_is_scraped() -> None:
    made = of_kind(render({**monitored(), "ingest": {"workers": 3}}), "PodMonitor")
    assert set(made) == {f"snowlight-{name}" for name in SERVICES}
    for name, monitor in made.items():
        endpoints = monitor["spec"]["podMetricsEndpoints"]
        ports = {"admin", "admin-1", "admin-2"} if name == "snowlight-ingest" else {"admin"}
        assert {endpoint["port"] for endpoint in endpoints} == ports
        assert {e["relabelings"][0]["replacement"] for e in endpoints} == {name}
