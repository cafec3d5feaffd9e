"""`helm upgrade` and `helm rollback`, on a real API server."""

import shutil
from pathlib import Path

import pytest
import yaml
from helm_python import HelmError

from tests.chart.releases import EMBEDDED, Releases
from tests.chart.rendering import CHART, Manifest
from tests.parts.kubernetes.rest import KubernetesRest


@pytest.fixture
def next_chart(tmp_path: Path) -> Path:
    """The chart as a version to come, with another image.

    There is no release to upgrade from yet: the first one's packaged chart belongs beside these tests, which
    begin with it from then on. A chart of an earlier commit is not to be had where CI checks out one commit.
    """
    chart = tmp_path / "snowlight"
    shutil.copytree(CHART, chart)
    file = chart / "Chart.yaml"
    content = {**yaml.safe_load(file.read_text("utf-8")), "version": "99.0.0", "appVersion": "99.0.0"}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    return chart


async def test_secrets_outlive_an_upgrade(
    releases: Releases, kube_rest: KubernetesRest, next_chart: Path
) -> None:
    await releases.install(EMBEDDED)
    before = await _secrets(kube_rest, releases.namespace)
    assert before
    await releases.upgrade(EMBEDDED, chart=next_chart)
    assert await _secrets(kube_rest, releases.namespace) == before


async def test_an_upgrade_changes_the_image_and_a_rollback_brings_it_back(
    releases: Releases, kube_rest: KubernetesRest, next_chart: Path
) -> None:
    await releases.install(EMBEDDED)
    first = await _ingest(kube_rest, releases.namespace)
    await releases.upgrade({**EMBEDDED, "logLevel": "debug"}, chart=next_chart)
    second = await _ingest(kube_rest, releases.namespace)
    await releases.roll_back()
    third = await _ingest(kube_rest, releases.namespace)

    assert _image(second).endswith(":99.0.0")
    assert _image(third) == _image(first) != _image(second)
    assert third["spec"]["template"] == first["spec"]["template"]
    assert releases.revisions() == 3


async def test_replicas_that_the_cluster_has_set_outlive_an_upgrade(
    releases: Releases, kube_rest: KubernetesRest, next_chart: Path
) -> None:
    values = {
        **EMBEDDED,
        "ingest": {**EMBEDDED["ingest"], "autoscaling": {"enabled": True, "least": 2, "most": 6}},
    }
    await releases.install(values)
    assert (await _ingest(kube_rest, releases.namespace))["spec"]["replicas"] == 2
    scale = f"/apis/apps/v1/namespaces/{releases.namespace}/statefulsets/snowlight-ingest/scale"
    await kube_rest.patch(scale, {"spec": {"replicas": 5}})

    await releases.upgrade(values, chart=next_chart, until_ready=False)

    assert (await _ingest(kube_rest, releases.namespace))["spec"]["replicas"] == 5


async def test_a_refused_upgrade_changes_nothing(releases: Releases, kube_rest: KubernetesRest) -> None:
    await releases.install(EMBEDDED)
    before = await _ingest(kube_rest, releases.namespace)
    with pytest.raises(HelmError, match="logLevel"):
        await releases.upgrade({**EMBEDDED, "logLevel": "loud"})
    assert (await _ingest(kube_rest, releases.namespace))["spec"] == before["spec"]
    assert releases.revisions() == 1


async def _secrets(rest: KubernetesRest, namespace: str) -> dict[str, object]:
    """The data of all that are not Helm's own records."""
    found = await rest.items(f"/api/v1/namespaces/{namespace}/secrets")
    return {
        secret["metadata"]["name"]: secret["data"]
        for secret in found
        if not secret["type"].startswith("helm")
    }


async def _ingest(rest: KubernetesRest, namespace: str) -> Manifest:
    return await rest.get(f"/apis/apps/v1/namespaces/{namespace}/statefulsets/snowlight-ingest")


def _image(workload: Manifest) -> str:
    return str(workload["spec"]["template"]["spec"]["containers"][0]["image"])
