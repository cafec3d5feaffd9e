"""The examples say what has to be there before them."""

import re
from collections.abc import Iterator

import pytest

from tests.chart.matrix import EXAMPLES, manifests_of
from tests.chart.rendering import CHART, Manifest, containers, of_kind

_TOLD = re.compile(r"RELEASE-(?:\{([a-z,]+)\}-)?([a-z-]+)")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_names_the_secrets_that_it_does_not_make(name: str) -> None:
    manifests = manifests_of(name)
    made = set(of_kind(manifests, "Secret"))
    made |= {one["spec"]["secretName"] for one in of_kind(manifests, "Certificate").values()}
    assert set(needed(manifests)) - made == set(told(name)) - made


def needed(manifests: list[Manifest]) -> Iterator[str]:
    """The Secrets that pods cannot start without."""
    for workload in manifests:
        if workload["kind"] not in ("Deployment", "StatefulSet", "Job"):
            continue
        for container in containers(workload):
            for variable in container.get("env", []):
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                if reference:
                    yield reference["name"]
        for volume in workload["spec"]["template"]["spec"].get("volumes", []):
            if "secret" in volume:
                yield volume["secret"]["secretName"]


def told(name: str) -> Iterator[str]:
    """The Secrets that the example's first lines name, for a release named snowlight."""
    text = (CHART / "examples" / name).read_text("utf-8")
    head = "".join(line for line in text.splitlines() if line.startswith("#"))
    for components, suffix in _TOLD.findall(head):
        for component in components.split(","):
            yield "-".join(part for part in ("snowlight", component, suffix) if part)
