"""How people and cameras come in: HTTPRoute, Ingress, and the Service that cameras publish to."""

from collections.abc import Mapping
from typing import Any

import pytest
from helm_python import HelmError

from tests.chart.rendering import containers, environment, of_kind, render

EDGE = {"name": "edge", "namespace": "gateways", "sectionName": "https"}


def route(values: Mapping[str, object] = {}, gateway: Mapping[str, object] = {}) -> dict[str, Any]:
    chosen = {"httpRoute": {"enabled": True, "parentRefs": [EDGE], **values}, "gateway": gateway}
    spec: dict[str, Any] = of_kind(render(chosen), "HTTPRoute")["snowlight-gateway"]["spec"]
    return spec


def test_a_route_leads_to_the_gateway_and_ends_no_answer() -> None:
    spec = route({"hostnames": ["video.example"]})
    assert spec["parentRefs"] == [EDGE]
    assert spec["hostnames"] == ["video.example"]
    (rule,) = spec["rules"]
    assert rule["timeouts"] == {"request": "0s", "backendRequest": "0s"}
    (backend,) = rule["backendRefs"]
    service = of_kind(render(), "Service")[backend["name"]]
    assert backend["port"] in {port["port"] for port in service["spec"]["ports"]}


@pytest.mark.parametrize(
    ("header", "removed"),
    [("", ["Client-Cert", "Client-Cert-Chain"]), ("Client-Cert", ["Client-Cert-Chain"])],
)
def test_a_client_cannot_claim_a_certificate(header: str, removed: list[str]) -> None:
    (rule,) = route(gateway={"settings": {"client_certificate_header": header}})["rules"]
    (changed,) = rule["filters"]
    assert changed["requestHeaderModifier"] == {"remove": removed}


def test_a_route_needs_a_gateway() -> None:
    with pytest.raises(HelmError, match=r"httpRoute\.parentRefs"):
        render({"httpRoute": {"enabled": True}})


def test_an_ingress_leads_to_the_gateway_with_tls() -> None:
    values = {
        "ingress": {"enabled": True, "host": "video.example", "tlsSecret": "video", "className": "nginx"}
    }
    ingress = of_kind(render(values), "Ingress")["snowlight-gateway"]
    assert ingress["spec"]["tls"] == [{"hosts": ["video.example"], "secretName": "video"}]
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    service = path["backend"]["service"]
    ports = of_kind(render(), "Service")[service["name"]]["spec"]["ports"]
    assert service["port"]["name"] in {port["name"] for port in ports}
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"


def test_an_ingress_is_of_the_public_url_s_host() -> None:
    values = {"ingress": {"enabled": True}, "gateway": {"publicUrl": "https://video.example:8443"}}
    (rule,) = of_kind(render(values), "Ingress")["snowlight-gateway"]["spec"]["rules"]
    assert rule["host"] == "video.example"


def test_an_ingress_needs_a_host() -> None:
    with pytest.raises(HelmError, match=r"ingress\.host"):
        render({"ingress": {"enabled": True}})


def test_behind_a_route_the_gateway_believes_the_proxy() -> None:
    (gateway,) = containers(of_kind(render(), "Deployment")["snowlight-gateway"])
    assert environment(gateway)["SNOWLIGHT_GATEWAY_BEHIND_PROXY"] == "true"


def test_cameras_publish_to_a_service_of_the_protocols_that_are_on() -> None:
    assert "snowlight-publish" not in of_kind(render(), "Service")
    values = {"ingest": {"publish": {"rtmp": {"enabled": True}}}}
    spec = of_kind(render(values), "Service")["snowlight-publish"]["spec"]
    assert [port["port"] for port in spec["ports"]] == [1935]
    assert spec["type"] == "LoadBalancer"
    assert spec["externalTrafficPolicy"] == "Local"
