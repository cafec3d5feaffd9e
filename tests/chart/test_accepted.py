"""A real API server takes each object of the chart, every field of it known, whatever values are chosen."""

import pytest

from tests.chart.matrix import ALL, values_of
from tests.chart.objects import Objects
from tests.chart.rendering import render
from tests.parts.kubernetes.rest import KubernetesRest


@pytest.mark.parametrize("name", ALL)
async def test_each_object_is_accepted(
    name: str, kube_rest: KubernetesRest, namespace: str, foreign_kinds: None
) -> None:
    objects = Objects(kube_rest, namespace)
    for manifest in render(values_of(name), namespace=namespace):
        collection = (await objects.path(manifest)).rpartition("/")[0]
        await kube_rest.create(collection, manifest, dryRun="All", fieldValidation="Strict")
