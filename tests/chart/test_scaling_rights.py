"""The chart grants ingest what its code calls, and nothing else."""

from collections.abc import Iterator

import pytest

from services.ingest.kubernetes.calls import AUTOSCALER, POD, ZONE, Call
from tests.chart.rendering import Manifest, of_kind, render

NAME = "snowlight-ingest"


def granted(role: Manifest, *, cluster: bool) -> Iterator[Call]:
    """The calls that a role allows, each named StatefulSet being ingest's own."""
    for rule in role["rules"]:
        names = rule.get("resourceNames", [])
        assert names in ([], [NAME])
        for group in rule["apiGroups"]:
            for told in rule["resources"]:
                resource, _, subresource = told.partition("/")
                for verb in rule["verbs"]:
                    yield Call(verb, resource, group, subresource, named=bool(names), cluster=cluster)


@pytest.mark.parametrize(("enabled", "calls"), [(False, (*ZONE, *POD)), (True, (*ZONE, *POD, *AUTOSCALER))])
def test_ingest_may_do_what_it_does(enabled: bool, calls: tuple[Call, ...]) -> None:
    manifests = render({"ingest": {"autoscaling": {"enabled": enabled}}})
    role = of_kind(manifests, "Role")[NAME]
    cluster_role = of_kind(manifests, "ClusterRole")[f"snowlight-{NAME}"]
    allowed = [*granted(role, cluster=False), *granted(cluster_role, cluster=True)]
    assert sorted(map(repr, allowed)) == sorted(map(repr, calls))


def test_a_pod_has_time_to_stop_after_it_has_drained() -> None:
    ingest = of_kind(render(), "StatefulSet")[NAME]["spec"]["template"]["spec"]
    command = ingest["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert command[:3] == ["snowlight", "drain", "--wait"]
    assert int(command[3]) == ingest["terminationGracePeriodSeconds"] - 100
