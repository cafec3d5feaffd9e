"""The door for public-security systems: a Service, a route that passes TLS through, nobody else let in."""

from collections.abc import Mapping
from typing import Any

import pytest
from helm_python import HelmError

from services.gateway.access.config import AccessSettings
from tests.chart.matrix import MATRIX, manifests_of
from tests.chart.rendering import containers, environment, notes, of_kind, render

ROW = "a door for public-security systems"


def access(**values: object) -> Mapping[str, object]:
    return {"access": {"enabled": True, **values}}


def gateway_policy(values: Mapping[str, object]) -> Any:
    return of_kind(render(values), "NetworkPolicy")["snowlight-gateway"]["spec"]["ingress"]


def test_there_is_none_unless_it_is_asked_for() -> None:
    manifests = manifests_of("as it is")
    assert "snowlight-access" not in of_kind(manifests, "Service")
    (gateway,) = containers(of_kind(manifests, "Deployment")["snowlight-gateway"])
    assert not [name for name in environment(gateway) if name.startswith("SNOWLIGHT_ACCESS")]


def test_a_county_opens_it_to_the_bureau_alone_and_a_town_on_one_node_does_not() -> None:
    county = manifests_of("existing-cluster.yaml")
    opened = of_kind(county, "NetworkPolicy")["snowlight-gateway"]["spec"]["ingress"]
    (rule,) = [rule for rule in opened if rule["ports"][0]["port"] == 8443]
    assert rule["from"] == [{"ipBlock": {"cidr": "10.7.0.0/16"}}]
    certificate = of_kind(county, "Certificate")["snowlight-access"]["spec"]
    assert certificate["issuerRef"]["name"] == "county"
    assert "snowlight-access" in of_kind(county, "Service")
    assert "snowlight-access" not in of_kind(manifests_of("town-59-cameras.yaml"), "Service")


def test_the_gateway_is_told_of_files_that_are_there_and_of_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    workload = of_kind(manifests_of(ROW), "Deployment")["snowlight-gateway"]
    (gateway,) = containers(workload)
    told = {name: value for name, value in environment(gateway).items() if "_ACCESS_" in name}
    for name, value in told.items():
        if value is not None and name.startswith("SNOWLIGHT_ACCESS_"):
            monkeypatch.setenv(name, value)
    settings = AccessSettings()
    assert settings.max_streams == 100
    mounts = {mount["mountPath"]: mount["name"] for mount in gateway["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in workload["spec"]["template"]["spec"]["volumes"]}
    assert volumes[mounts["/etc/snowlight/access"]]["secret"]["secretName"] == "snowlight-access-tls"
    authority = volumes[mounts["/etc/snowlight/access-clients"]]["configMap"]
    assert (authority["name"], authority["items"]) == ("bureau-ca", [{"key": "ca.crt", "path": "ca.crt"}])
    assert str(settings.certificate).startswith("/etc/snowlight/access/")
    assert str(settings.client_ca) == "/etc/snowlight/access-clients/ca.crt"
    (port,) = [one for one in gateway["ports"] if one["name"] == "access"]
    assert str(settings.listen) == f"0.0.0.0:{port['containerPort']}"


def test_the_route_passes_tls_through_to_the_service() -> None:
    manifests = manifests_of(ROW)
    spec = of_kind(manifests, "TLSRoute")["snowlight-access"]["spec"]
    ((backend,),) = [rule["backendRefs"] for rule in spec["rules"]]
    service = of_kind(manifests, "Service")[backend["name"]]["spec"]
    assert backend["port"] in {port["port"] for port in service["ports"]}
    assert spec["hostnames"] == ["police.video.example"]
    certificate = of_kind(manifests, "Certificate")["snowlight-access"]["spec"]
    assert certificate["dnsNames"] == spec["hostnames"]


def test_its_port_is_open_to_whom_is_named_and_no_other_port_is() -> None:
    peers = [{"ipBlock": {"cidr": "10.7.0.0/16"}}]
    values = {**access(**{"from": peers}), "networkPolicies": {"clients": [{"podSelector": {}}]}}
    rules = gateway_policy(values)
    assert [rule["ports"][0]["port"] for rule in rules if rule.get("from") == peers] == [8443]
    assert [rule["ports"] for rule in gateway_policy({}) if rule["ports"][0]["port"] == 8443] == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (access(route={"enabled": True, "hostnames": ["a.example"]}), r"access\.route\.parentRefs"),
        (access(route={"enabled": True, "parentRefs": [{"name": "edge"}]}), r"access\.route\.hostnames"),
        (access(certificate={"issuerRef": {"name": "public"}}), r"access\.certificate\.dnsNames"),
        (
            access(certificate={"existingSecret": "own", "issuerRef": {"name": "public"}}),
            r"access\.certificate: set existingSecret or issuerRef",
        ),
        (access(clientCa={"existingSecret": "a", "existingConfigMap": "b"}), r"access\.clientCa"),
        (access(route={"apiVersion": "gateway.networking.k8s.io/v2"}), "apiVersion"),
        (access(settings={"listen": "0.0.0.0:1"}), "listen"),
    ],
)
def test_what_does_not_go_together_is_refused_by_name(values: Mapping[str, object], told: str) -> None:
    with pytest.raises(HelmError, match=told):
        render(values)


def test_what_somebody_has_to_make_is_told_and_how_a_system_is_let_in() -> None:
    told = notes(access())
    assert "snowlight-access-tls: tls.crt, tls.key" in told
    assert "snowlight-access-client-ca: ca.crt" in told
    assert "create-client" in told
    assert "access-tls" not in notes(MATRIX[ROW])
    assert "Public-security" not in notes()
