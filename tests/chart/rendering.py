"""The chart as Helm renders it, without a cluster."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from helm_python import Chart

CHART = Path(__file__).parents[2] / "deploy/helm/snowlight"

Manifest = dict[str, Any]
"""One object of Kubernetes."""


def render(
    values: Mapping[str, object] = {}, *, release: str = "snowlight", namespace: str = "snowlight"
) -> list[Manifest]:
    """All objects that the chart makes of `values`, hooks included.

    Raises HelmError where a value is refused, by the schema or by a template.
    """
    rendered = Chart.load(CHART).render(dict(values), name=release, namespace=namespace)
    return [
        manifest
        for path, text in sorted(rendered.items())
        if path.endswith(".yaml")
        for manifest in yaml.safe_load_all(text)
        if manifest
    ]


def notes(values: Mapping[str, object] = {}) -> str:
    """What Helm tells a person after an install."""
    rendered = Chart.load(CHART).render(dict(values), name="snowlight", namespace="snowlight")
    return rendered["snowlight/templates/NOTES.txt"]


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Those of one kind, by name."""
    return {manifest["metadata"]["name"]: manifest for manifest in manifests if manifest["kind"] == kind}


def containers(manifest: Manifest) -> Iterator[Manifest]:
    """The containers of a workload's pods, those that run first included."""
    pod = manifest["spec"]["template"]["spec"]
    yield from pod.get("initContainers", [])
    yield from pod["containers"]


def environment(container: Manifest) -> dict[str, str | None]:
    """A container's variables; None for those that come from a Secret or a field."""
    return {variable["name"]: variable.get("value") for variable in container.get("env", [])}
