"""The network lets through the calls that the table of permissions allows, and what else is needed."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from snowlight.rpc.permissions import ANYONE, PERMISSIONS
from tests.chart.rendering import Manifest, of_kind, render

PORTS = {"auth": 7001, "ingest": 7002, "storage": 7003}
SERVICES = ("auth", "storage", "ingest", "gateway")
CALLERS = (*SERVICES, "admin")
PAGE = Path(__file__).parents[2] / "docs/between-services.md"


def allowed_calls() -> set[tuple[str, str]]:
    """Caller and called service, of all methods that need a token."""
    return {
        (caller, method.split(".")[2])
        for method, callers in PERMISSIONS.items()
        for caller in callers
        if caller != ANYONE
    }


def policies(values: Mapping[str, object] = {}) -> dict[str, Manifest]:
    """Of each component, by its name."""
    made = of_kind(render(values), "NetworkPolicy")
    return {name.removeprefix("snowlight-"): policy["spec"] for name, policy in made.items()}


def component(peer: Mapping[str, Any]) -> str | None:
    labels = peer.get("podSelector", {}).get("matchLabels", {})
    name: str | None = labels.get("app.kubernetes.io/component")
    return name


def pairs(rules: list[Any], side: str) -> Iterator[tuple[str, int]]:
    """Component and port of the rules that let one of the release's own pods through."""
    for rule in rules:
        for peer in rule.get(side, []):
            name = component(peer)
            if name is not None:
                yield from ((name, port["port"]) for port in rule["ports"])


def test_calls_go_out_as_the_table_of_permissions_has_them() -> None:
    of = policies()
    out = {(caller, called) for caller in CALLERS for called, port in pairs(of[caller]["egress"], "to")}
    assert out == allowed_calls()
    for caller in CALLERS:
        assert all(PORTS[called] == port for called, port in pairs(of[caller]["egress"], "to"))


def test_calls_come_in_as_the_table_of_permissions_has_them() -> None:
    of = policies()
    came = {
        (caller, called)
        for called in SERVICES
        for caller, port in pairs(of[called]["ingress"], "from")
        if port == PORTS[called]
    }
    assert came == allowed_calls()


def test_the_page_tells_of_the_same_connections() -> None:
    rows = re.findall(r"^\| (\w+) \| ([\w, ]+) \|", section("Which service connects to which"), re.MULTILINE)
    told = {(caller, called) for caller, all_called in rows for called in all_called.split(", ")}
    assert {pair for pair in told if pair[1] in PORTS} == allowed_calls()


def test_nothing_else_goes_in_or_out_of_any_pod_of_the_release() -> None:
    default = policies()["snowlight"]
    assert default["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": "snowlight",
        "app.kubernetes.io/instance": "snowlight",
    }
    assert default["policyTypes"] == ["Ingress", "Egress"]
    assert not default.get("ingress")
    assert not default.get("egress")
    for policy in policies().values():
        assert policy["policyTypes"] == ["Ingress", "Egress"]


def test_all_workers_of_a_pod_are_called_and_asked_for_metrics() -> None:
    of = policies({"ingest": {"workers": 4}, "monitoring": {"podMonitor": {"enabled": True}}})
    ranges = {(port["port"], port["endPort"]) for rule in of["ingest"]["ingress"] for port in rule["ports"]}
    assert ranges == {(7002, 7005), (9090, 9093)}


def test_metrics_are_for_those_who_are_named() -> None:
    prometheus = [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]
    for name in SERVICES:
        assert not list(rules_of_port(policies()[name]["ingress"], 9090))
    named = policies({"networkPolicies": {"prometheus": prometheus}})
    for name in SERVICES:
        assert [rule["from"] for rule in rules_of_port(named[name]["ingress"], 9090)] == [prometheus]


@pytest.mark.parametrize(
    ("port", "users"),
    [
        (5432, {"auth", "storage", "ingest", "migrations"}),
        (9000, {"storage", "ingest", "gateway", "admin"}),
        (6443, {"ingest"}),
        (53, {*CALLERS, "migrations"}),
    ],
)
def test_who_reaches_what_lies_outside(port: int, users: set[str]) -> None:
    of = policies()
    assert {name for name in of if list(rules_of_port(of[name].get("egress", []), port))} == users


def test_instances_of_the_chart_s_own_are_reached_by_whom_they_serve() -> None:
    of = policies({"postgresql": {"embedded": {"enabled": True}}, "minio": {"embedded": {"enabled": True}}})
    for name, port in (("postgresql", 5432), ("minio", 9000)):
        came = {caller for caller, _ in pairs(of[name]["ingress"], "from")}
        out = {c for c in of if (name, port) in set(pairs(of[c].get("egress", []), "to"))}
        assert came == out
        assert not of[name].get("egress")


def test_ingest_reaches_cameras_in_their_networks_alone() -> None:
    of = policies({"ingest": {"sourceNetworks": ["10.20.0.0/16"]}})
    blocks = [
        peer["ipBlock"]["cidr"]
        for rule in of["ingest"]["egress"]
        for peer in rule.get("to", [])
        if "ipBlock" in peer
    ]
    assert blocks == ["10.20.0.0/16"]


def test_the_peers_that_are_named_are_the_only_ones() -> None:
    block = [{"ipBlock": {"cidr": "10.1.2.3/32"}}]
    names = ("databases", "objectStore", "kubernetesApi", "tracing", "oidc")
    values = {
        "networkPolicies": {
            **{name: {"peers": block} for name in names},
            **{"dns": block, "clients": block, "publishers": block},
        },
        "tracing": {"endpoint": "otel:4317"},
        "ingest": {"publish": {"rtmp": {"enabled": True}}},
    }
    of = policies(values)
    for policy in of.values():
        assert all("to" in rule for rule in policy.get("egress", []))
        assert all("from" in rule for rule in policy.get("ingress", []))
    assert list(rules_of_port(of["auth"]["egress"], 443))
    assert not list(rules_of_port(policies()["auth"]["egress"], 443))


def test_without_them_there_are_none() -> None:
    assert not policies({"networkPolicies": {"enabled": False}})


def rules_of_port(rules: list[Any], port: int) -> Iterator[Any]:
    """The rules that open `port`."""
    for rule in rules:
        if any(p["port"] <= port <= p.get("endPort", p["port"]) for p in rule.get("ports", [])):
            yield rule


def section(heading: str) -> str:
    _, _, rest = PAGE.read_text().partition(f"## {heading}\n")
    return rest.partition("\n## ")[0]
