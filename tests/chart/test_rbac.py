"""A service account may do what its service's code does and nothing else: asked of the API server itself."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from services.ingest.kubernetes.calls import AUTOSCALER, CAMERA_RESOURCES, POD, ZONE, Call
from tests.chart.releases import EMBEDDED, Releases
from tests.parts.kubernetes.rest import KubernetesRest, Object

ELSEWHERE = "default"
INGEST = "snowlight-ingest"
"""The account, and the StatefulSet."""
ASKED_AT_ONCE = 20
AUTOSCALED = {"autoscaling": {"enabled": True, "least": 2, "most": 4}}
OPTIONS: Mapping[str, tuple[Mapping[str, Any], Sequence[Call]]] = {
    "plain": ({}, (*ZONE, *POD)),
    "autoscaled": ({"ingest": {**EMBEDDED["ingest"], **AUTOSCALED}}, (*ZONE, *POD, *AUTOSCALER)),
    "camera resources": ({"cameraResources": {"enabled": True}}, (*ZONE, *POD, *CAMERA_RESOURCES)),
}
"""Values, and the calls that ingest's code makes with them."""


@dataclass(frozen=True)
class Attempt:
    """What an account may try, in a namespace or in none."""

    verb: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str = ""

    def attributes(self) -> Object:
        """As a SubjectAccessReview has them."""
        return {field: value for field, value in vars(self).items() if value}


@pytest.mark.parametrize("option", OPTIONS)
async def test_ingest_may_do_what_it_does_and_nothing_else(
    releases: Releases, kube_rest: KubernetesRest, option: str
) -> None:
    values, calls = OPTIONS[option]
    await releases.install({**EMBEDDED, **values})
    home = releases.namespace
    attempts = await _attempts(kube_rest, home)
    assert await _allowed(kube_rest, home, INGEST, attempts) == {
        _attempt(call, home) for call in calls if not call.named
    }
    elsewhere = {_attempt(call, ELSEWHERE) for call in calls if not call.cluster}
    assert await _allowed(kube_rest, home, INGEST, elsewhere) == set()


@pytest.mark.parametrize("option", ["plain", "autoscaled"])
async def test_ingest_scales_its_own_stateful_set_alone(
    releases: Releases, kube_rest: KubernetesRest, option: str
) -> None:
    values, calls = OPTIONS[option]
    await releases.install({**EMBEDDED, **values})
    home = releases.namespace
    own = {_attempt(call, home, INGEST) for call in AUTOSCALER}
    others = {_attempt(call, home, "another") for call in AUTOSCALER}
    expected = own if set(AUTOSCALER) <= set(calls) else set()
    assert await _allowed(kube_rest, home, INGEST, own | others) == expected


async def test_no_other_service_may_do_anything(releases: Releases, kube_rest: KubernetesRest) -> None:
    await releases.install({**EMBEDDED, "cameraResources": {"enabled": True}})
    attempts = await _attempts(kube_rest, releases.namespace)
    for account in ("snowlight-auth", "snowlight-storage", "snowlight-gateway"):
        assert await _allowed(kube_rest, releases.namespace, account, attempts) == set(), account
        deployment = f"/apis/apps/v1/namespaces/{releases.namespace}/deployments/{account}"
        pod = (await kube_rest.get(deployment))["spec"]["template"]["spec"]
        assert pod["serviceAccountName"] == account
        assert pod["automountServiceAccountToken"] is False


async def _attempts(rest: KubernetesRest, namespace: str) -> set[Attempt]:
    """Every verb of every resource that the API server has."""
    groups = (await rest.get("/apis"))["groups"]
    roots = ["/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)]
    found: set[Attempt] = set()
    for root in roots:
        group = root.split("/")[2] if root.startswith("/apis/") else ""
        for one in (await rest.get(root))["resources"]:
            resource, _, subresource = one["name"].partition("/")
            where = namespace if one["namespaced"] else ""
            found |= {Attempt(verb, group, resource, subresource, where) for verb in one["verbs"]}
    return found


def _attempt(call: Call, namespace: str, name: str = "") -> Attempt:
    where = "" if call.cluster else namespace
    return Attempt(call.verb, call.group, call.resource, call.subresource, where, name)


async def _allowed(
    rest: KubernetesRest, namespace: str, account: str, attempts: Collection[Attempt]
) -> set[Attempt]:
    """Those of `attempts` that the API server would let this account do, and not just any account."""
    allowed = await _reviewed(rest, namespace, account, attempts)
    return allowed - await _reviewed(rest, namespace, "nobody", allowed)


async def _reviewed(
    rest: KubernetesRest, namespace: str, account: str, attempts: Collection[Attempt]
) -> set[Attempt]:
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
    who = {"user": f"system:serviceaccount:{namespace}:{account}", "groups": groups}
    at_once = asyncio.Semaphore(ASKED_AT_ONCE)

    async def allows(attempt: Attempt) -> bool:
        review = {"spec": {**who, "resourceAttributes": attempt.attributes()}}
        async with at_once:
            answer = await rest.create("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return bool(answer["status"]["allowed"])

    ordered = list(attempts)
    answers = await asyncio.gather(*map(allows, ordered))
    return {attempt for attempt, allowed in zip(ordered, answers, strict=True) if allowed}
