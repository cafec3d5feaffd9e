"""A container's environment as a kubelet would make it of what the chart renders."""

import base64
import re
from collections.abc import Mapping, Sequence

from tests.chart.rendering import Manifest, containers, of_kind

_REFERENCE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")


def pod_environment(
    workload: Manifest, manifests: Sequence[Manifest], fields: Mapping[str, str]
) -> dict[str, str]:
    """Of the workload's only container. `manifests` have its Secrets, `fields` are the pod's by their paths
    (`metadata.name`). Raises KeyError for what neither has."""
    secrets = of_kind(list(manifests), "Secret")
    (container,) = containers(workload)
    environment: dict[str, str] = {}
    for variable in container["env"]:
        source = variable.get("valueFrom", {})
        if "secretKeyRef" in source:
            of = source["secretKeyRef"]
            value = base64.b64decode(secrets[of["name"]]["data"][of["key"]]).decode()
        elif "fieldRef" in source:
            value = fields[source["fieldRef"]["fieldPath"]]
        else:
            value = _REFERENCE.sub(lambda found: environment[found[1]], variable["value"])
        environment[variable["name"]] = value
    return environment
