"""Every alert fires in the case it is for and is silent when all is well, as Prometheus itself has it."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from snowlight.shards import SHARDS
from tests.chart.rendering import CHART

DOCS = Path(__file__).parents[2] / "docs"
RULES = sorted((CHART / "rules").glob("*.yaml"))
TESTS = Path(__file__).parent / "alerts"
MOVED = ('namespace="snowlight"', 'namespace="beside"')


def alerts(file: Path) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


ALERTS = [alert for file in RULES for alert in alerts(file)]


def run(promtool: Path, *arguments: str | Path) -> None:
    ended = subprocess.run([promtool, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_rules_are_right_by_prometheus(promtool: Path) -> None:
    run(promtool, "check", "rules", "--lint-fatal", *RULES)


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)
def test_each_alert_fires_and_is_silent_as_its_cases_say(promtool: Path, file: Path) -> None:
    run(promtool, "test", "rules", TESTS / file.name)


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)
def test_of_two_releases_beside_one_another_an_alert_tells_of_the_one_in_trouble(
    promtool: Path, file: Path, tmp_path: Path
) -> None:
    written_as = yaml.load((TESTS / file.name).read_text(), Loader=yaml.BaseLoader)  # 0x10 is no number
    cases = {case["name"]: case for case in written_as["tests"]}
    tests = []
    for alert in alerts(file):
        name = alert["alert"]
        trouble, well = cases[f"{name} fires"], cases[f"{name} is silent"]
        beside = [{**series, "series": series["series"].replace(*MOVED)} for series in well["input_series"]]
        assert all(MOVED[1] in series["series"] for series in beside)
        told = {
            "expr": f'group by (namespace) (ALERTS{{alertname="{name}",alertstate="firing"}})',
            "eval_time": trouble["promql_expr_test"][0]["eval_time"],
            "exp_samples": [{"labels": '{namespace="snowlight"}', "value": 1}],
        }
        tests.append(
            {
                "name": name,
                "interval": trouble["interval"],
                "input_series": [*trouble["input_series"], *beside],
                "promql_expr_test": [told],
            }
        )
    together = tmp_path / file.name
    together.write_text(
        yaml.safe_dump({"rule_files": [str(file)], "evaluation_interval": "1m", "tests": tests})
    )
    run(promtool, "test", "rules", together)


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.stem)
def test_each_alert_has_a_case_of_both(file: Path) -> None:
    cases = {case["name"] for case in yaml.safe_load((TESTS / file.name).read_text())["tests"]}
    for alert in alerts(file):
        assert {f"{alert['alert']} fires", f"{alert['alert']} is silent"} <= cases


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_what_it_is_and_where_to_read_on(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["description"]
    page, _, anchor = alert["annotations"]["runbook_url"].removeprefix("docs/").partition("#")
    assert anchor in anchors(DOCS / page)


def test_no_section_tells_of_an_alert_that_is_not_there() -> None:
    told = set(re.findall(r"^### (Snowlight\w+)$", (DOCS / "monitoring.md").read_text(), re.MULTILINE))
    assert told == {alert["alert"] for alert in ALERTS}


def test_the_alert_of_shards_knows_how_many_there_are() -> None:
    unowned = next(alert for alert in ALERTS if alert["alert"] == "SnowlightShardsUnowned")
    assert unowned["expr"].startswith(f"{SHARDS} - ")


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as they are linked to."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
