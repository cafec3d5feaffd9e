"""What was installed is what the chart says: whoever applies it anew (GitOps) changes nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.chart.objects import Objects
from tests.chart.releases import EMBEDDED, EXTERNAL, Releases
from tests.chart.rendering import Manifest
from tests.parts.kubernetes.rest import APPLY_PATCH, KubernetesRest


@pytest.mark.parametrize("values", [EMBEDDED, EXTERNAL], ids=["embedded", "external"])
async def test_applying_the_chart_again_changes_nothing(
    releases: Releases, kube_rest: KubernetesRest, values: Mapping[str, Any]
) -> None:
    await releases.install(values)
    objects = Objects(kube_rest, releases.namespace)
    manifests = releases.manifests()
    assert manifests
    for manifest in manifests:
        path = await objects.path(manifest)
        query = {"dryRun": "All", "fieldManager": "another", "force": "true", "fieldValidation": "Strict"}
        applied = await kube_rest.patch(path, manifest, APPLY_PATCH, **query)
        assert _said(applied) == _said(await objects.live(manifest)), path


def _said(manifest: Manifest) -> Manifest:
    """Without what the API server and the controllers write by themselves."""
    own = ("managedFields", "resourceVersion", "generation")
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in own}
    return {**manifest, "metadata": metadata, "status": None}
