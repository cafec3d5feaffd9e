"""What the chart makes is what Kubernetes takes, whatever values are chosen."""

import itertools
import json
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.chart.matrix import ALL, EMBEDDED, manifests_of
from tests.chart.rendering import CHART, Manifest, containers, environment, of_kind, render

VERSIONS = ("1.29", "1.30", "1.31", "1.32", "1.33", "1.34")

FOREIGN = {"cert-manager.io", "monitoring.coreos.com", "gateway.networking.k8s.io", "snowlight.io"}
"""API groups of others, whose schemas Kubernetes does not have."""


@pytest.mark.parametrize("name", ALL)
def test_kubernetes_takes_each_object(name: str) -> None:
    own = [m for m in manifests_of(name) if m["apiVersion"].partition("/")[0] not in FOREIGN]
    assert len(own) > 12
    for manifest, version in itertools.product(own, VERSIONS):
        _validate(json.dumps(manifest), version)


@pytest.mark.parametrize("name", ALL)
def test_no_two_objects_have_one_name(name: str) -> None:
    # A hook's Secret goes with the hook; two of one name would be one.
    names = [(m["kind"], m["metadata"]["name"]) for m in manifests_of(name)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ALL)
def test_selectors_and_ports_lead_to_pods(name: str) -> None:
    manifests = manifests_of(name)
    pods = [m["spec"]["template"] for m in manifests if m["kind"] in ("Deployment", "StatefulSet")]
    for workload in manifests:
        if workload["kind"] in ("Deployment", "StatefulSet"):
            chosen = workload["spec"]["selector"]["matchLabels"]
            assert chosen.items() <= workload["spec"]["template"]["metadata"]["labels"].items()
    for service in of_kind(manifests, "Service").values():
        (pod,) = [p for p in pods if service["spec"]["selector"].items() <= p["metadata"]["labels"].items()]
        ports = {port["name"] for c in pod["spec"]["containers"] for port in c.get("ports", [])}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for budget in of_kind(manifests, "PodDisruptionBudget").values():
        chosen = budget["spec"]["selector"]["matchLabels"]
        assert [p for p in pods if chosen.items() <= p["metadata"]["labels"].items()]


@pytest.mark.parametrize("name", ALL)
def test_pods_are_of_the_restricted_profile(name: str) -> None:
    for workload in manifests_of(name):
        if workload["kind"] not in ("Deployment", "StatefulSet", "Job"):
            continue
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(workload):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])


@pytest.mark.parametrize("name", ALL)
def test_only_ingest_has_a_token_of_the_api_server(name: str) -> None:
    for workload in manifests_of(name):
        if workload["kind"] in ("Deployment", "StatefulSet", "Job"):
            component = workload["metadata"]["labels"]["app.kubernetes.io/component"]
            mounted = workload["spec"]["template"]["spec"]["automountServiceAccountToken"]
            assert mounted is (component == "ingest")


@pytest.mark.parametrize("name", ALL)
def test_what_a_container_mounts_is_among_its_pods_volumes(name: str) -> None:
    for workload in manifests_of(name):
        if workload["kind"] not in ("Deployment", "StatefulSet", "Job"):
            continue
        volumes = {volume["name"] for volume in workload["spec"]["template"]["spec"].get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
        for container in containers(workload):
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


def test_network_policies_and_disruption_budgets_are_on_as_it_is() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert values["networkPolicies"]["enabled"] is True
    budgets = of_kind(render(), "PodDisruptionBudget")
    assert {f"snowlight-{name}" for name in ("auth", "storage", "ingest", "gateway")} == set(budgets)
    assert budgets["snowlight-ingest"]["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ("snowlight", "snowlight"),
        ("county", "county-snowlight"),
        ("my-snowlight-2", "my-snowlight-2"),
        ("a" * 53, f"{'a' * 40}-snowlight"),
    ],
)
def test_names_follow_the_release(release: str, name: str) -> None:
    stateful_set = of_kind(render(release=release), "StatefulSet")[f"{name}-ingest"]
    assert stateful_set["spec"]["serviceName"] in of_kind(render(release=release), "Service")
    assert len(f"{name}-ingest-1000") <= 63


def test_each_worker_of_a_pod_has_its_ports() -> None:
    (ingest,) = of_kind(render({"ingest": {"workers": 3}}), "StatefulSet").values()
    (container,) = containers(ingest)
    assert container["args"] == ["ingest", "--workers", "3"]
    assert {p["name"]: p["containerPort"] for p in container["ports"]} == {
        **{"grpc": 7002, "grpc-1": 7003, "grpc-2": 7004},
        **{"admin": 9090, "admin-1": 9091, "admin-2": 9092},
    }


def test_an_update_of_ingest_replaces_one_pod_at_a_time_and_keeps_the_spools() -> None:
    (ingest,) = of_kind(render(), "StatefulSet").values()
    assert ingest["spec"]["podManagementPolicy"] == "Parallel"
    assert ingest["spec"]["updateStrategy"] == {"type": "RollingUpdate"}
    assert ingest["spec"]["persistentVolumeClaimRetentionPolicy"] == {
        "whenScaled": "Retain",
        "whenDeleted": "Retain",
    }
    # Sixty seconds to hand over, and what run_workers gives a worker to stop.
    assert ingest["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 60 + 90


def test_a_version_of_the_chart_alone_replaces_no_pod() -> None:
    for workload in _workloads(render()):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert "helm.sh/chart" not in labels
        assert "app.kubernetes.io/version" not in labels


def test_where_probes_ask() -> None:
    plain = {"tls": {"enabled": False}}
    for values, startup in ((plain, {"grpc": {"port": 7001}}), ({}, {"httpGet": _admin("/healthz")})):
        (container,) = containers(of_kind(render(values), "Deployment")["snowlight-auth"])
        assert startup.items() <= container["startupProbe"].items()
        assert container["readinessProbe"]["httpGet"] == _admin("/readyz")
        assert container["livenessProbe"]["httpGet"] == _admin("/healthz")


def test_the_gateway_is_scaled_by_viewers_and_by_cpu() -> None:
    values = {"gateway": {"autoscaling": {"enabled": True, "viewers": 500, "least": 3, "most": 9}}}
    manifests = render(values)
    (scaler,) = of_kind(manifests, "HorizontalPodAutoscaler").values()
    assert scaler["spec"]["metrics"][0]["pods"]["metric"]["name"] == "snowlight_gateway_live_viewers"
    assert scaler["spec"]["metrics"][1]["resource"]["name"] == "cpu"
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (3, 9)
    # What the autoscaler has set is left alone by an upgrade.
    assert "replicas" not in of_kind(manifests, "Deployment")["snowlight-gateway"]["spec"]


def test_ingest_is_told_how_far_it_may_be_scaled() -> None:
    values = {"ingest": {"replicas": 1, "autoscaling": {"enabled": True, "least": 3, "most": 9}}}
    (ingest,) = of_kind(render(values), "StatefulSet").values()
    assert ingest["spec"]["replicas"] == 3
    (container,) = containers(ingest)
    told = environment(container)
    assert told["SNOWLIGHT_KUBERNETES_AUTOSCALE"] == "true"
    assert (told["SNOWLIGHT_KUBERNETES_AUTOSCALE_LEAST"], told["SNOWLIGHT_KUBERNETES_AUTOSCALE_MOST"]) == (
        "3",
        "9",
    )


def test_migrations_run_before_an_install_with_all_that_they_need() -> None:
    manifests = manifests_of("secrets told")
    hooks = [m for m in manifests if "helm.sh/hook" in m["metadata"].get("annotations", {})]
    assert {m["kind"] for m in hooks} == {"ServiceAccount", "Secret", "Job"}
    assert {m["metadata"]["annotations"]["helm.sh/hook"] for m in hooks} == {"pre-install,pre-upgrade"}
    (job,) = of_kind(hooks, "Job").values()
    (container,) = containers(job)
    needed = {v["valueFrom"]["secretKeyRef"]["name"] for v in container["env"]}
    assert needed == set(of_kind(hooks, "Secret"))
    (wait,) = [int(a) for a in container["args"] if a.isdigit()]
    assert wait < job["spec"]["activeDeadlineSeconds"]


def test_migrations_of_an_embedded_database_run_once_it_is_there() -> None:
    (job,) = of_kind(render(EMBEDDED), "Job").values()
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "post-install,pre-upgrade"


def test_certificates_have_the_names_that_peers_call() -> None:
    manifests = render({"tls": {"certManager": {"enabled": True}}}, namespace="video")
    certificates = of_kind(manifests, "Certificate")
    for service in ("auth", "storage", "ingest"):
        (container,) = containers(of_kind(manifests, "Deployment")["snowlight-gateway"])
        address = environment(container)[f"SNOWLIGHT_{service.upper()}_ADDRESS"] or ""
        names = certificates[f"snowlight-{service}"]["spec"]["dnsNames"]
        assert address.removeprefix("dns:///").rpartition(":")[0] in names
        assert f"{service}.snowlight" in names
    assert "*.snowlight-ingest.video.svc" in certificates["snowlight-ingest"]["spec"]["dnsNames"]
    (ingest,) = of_kind(manifests, "StatefulSet").values()
    (container,) = containers(ingest)
    advertised = environment(container)["SNOWLIGHT_INGEST_ADVERTISE"]
    assert advertised == "$(SNOWLIGHT_KUBERNETES_POD).snowlight-ingest.video.svc:7002"


def test_an_issuer_that_is_named_signs() -> None:
    reference = {"name": "county", "kind": "ClusterIssuer", "group": "cert-manager.io"}
    manifests = render({"tls": {"certManager": {"enabled": True, "issuerRef": reference}}})
    assert not of_kind(manifests, "Issuer")
    for certificate in of_kind(manifests, "Certificate").values():
        assert certificate["spec"]["issuerRef"] == reference


def test_the_image_is_one_for_all() -> None:
    manifests = manifests_of("where pods may be")
    images = {c["image"] for w in _workloads(manifests) for c in containers(w)}
    assert images == {"registry.example:5000/snowlight@sha256:" + "0" * 64}


@pytest.mark.parametrize(
    ("chosen", "made"),
    [
        ({"enabled": False}, set()),
        ({"enabled": True}, {"cameras.snowlight.io", "camerasites.snowlight.io"}),
        ({"enabled": True, "installDefinitions": False}, set()),
    ],
)
def test_definitions_are_made_where_they_are_wanted(chosen: dict[str, bool], made: set[str]) -> None:
    assert set(of_kind(render({"cameraResources": chosen}), "CustomResourceDefinition")) == made


def test_priority_classes_say_nothing_that_the_api_server_leaves_out() -> None:
    for made in of_kind(render(), "PriorityClass").values():
        assert "globalDefault" not in made  # false: it would show as drift for ever


def _admin(path: str) -> dict[str, Any]:
    return {"path": path, "port": "admin"}


def _workloads(manifests: list[Manifest]) -> list[Manifest]:
    return [m for m in manifests if m["kind"] in ("Deployment", "StatefulSet", "Job")]


@cache
def _validate(manifest: str, version: str) -> None:
    """Most objects of two rows are the same, and a look takes some milliseconds."""
    kubernetes_validate.validate(json.loads(manifest), version, strict=True)


def test_a_collector_of_an_authority_of_ones_own_is_trusted_and_told_its_token() -> None:
    told = {"ca": {"existingSecret": "trust", "key": "root.pem"}, "headers": {"existingSecret": "token"}}
    made = render({"tracing": {"endpoint": "https://otel:4317", **told}})
    for deployment in of_kind(made, "Deployment").values():
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        variables = {each["name"]: each for each in container["env"]}
        headers = variables["SNOWLIGHT_TRACING_HEADERS"]["valueFrom"]["secretKeyRef"]
        assert headers == {"name": "token", "key": "headers"}
        path = variables["SNOWLIGHT_TRACING_CA"]["value"]
        (folder,) = [each["mountPath"] for each in container["volumeMounts"] if each["name"] == "tracing"]
        (secret,) = [each["secret"] for each in pod["volumes"] if each["name"] == "tracing"]
        (item,) = secret["items"]
        assert (secret["secretName"], item["key"], path) == ("trust", "root.pem", f"{folder}/{item['path']}")
