"""Asks the policies: one principal, one action, one camera or region."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cedarpy
import structlog

from services.auth.decision import Action, Decision
from services.auth.model import CameraFacts, Principal
from services.auth.policy.policies import PolicySet

log = structlog.get_logger(__name__)

ROLE_MISSING = "auth.role_missing"
_NOWHERE = "-"
"""Stands for a region that nobody knows: it lies in nothing."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision depends on besides who and what; `rules/schema.cedarschema` explains each."""

    incident: bool = False
    named: bool = False
    days: int = 0
    grants: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Subject:
    """A principal, and the shares and special duties that they are a member of."""

    principal: Principal
    shared: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a camera or region lies: codes of its region and of all around it, nearest first, and the
    jurisdictions that hold it.
    """

    chain: Sequence[str]
    jurisdictions: Sequence[str] = ()


class PolicyEngine:
    """Decides by the policies, and by nothing else."""

    def __init__(self, policies: PolicySet) -> None:
        self._policies = policies

    def on_camera(
        self, subject: Subject, camera: CameraFacts, place: Place, action: Action, asked: Circumstances
    ) -> Decision:
        """Decide `action` on a camera."""
        entities = [_camera(camera, place), *_regions(place)]
        return self._decide(subject, ("Camera", camera.uid), entities, action, asked)

    def on_region(self, subject: Subject, place: Place, action: Action) -> Decision:
        """Decide `action` on all that a region holds."""
        code = place.chain[0] if place.chain else _NOWHERE
        return self._decide(subject, ("Region", code), _regions(place), action, Circumstances())

    def _decide(
        self,
        subject: Subject,
        resource: tuple[str, str],
        entities: list[dict[str, Any]],
        action: Action,
        asked: Circumstances,
    ) -> Decision:
        principal = _principal(subject)
        result = cedarpy.is_authorized(
            {
                "principal": principal["uid"],
                "action": {"type": "Action", "id": str(action)},
                "resource": {"type": resource[0], "id": resource[1]},
                "context": {
                    "incident": asked.incident,
                    "named": asked.named,
                    "days": asked.days,
                    "grants": sorted(asked.grants),
                },
            },
            self._policies.handle,
            [principal, *entities],
            self._policies.schema,
        )
        diagnostics = result.diagnostics
        if diagnostics.errors:  # a forbid that errs is skipped: nothing may be allowed without it
            log.error("policy.failed", errors=diagnostics.errors)
            return Decision(False, "auth.policy_failed", "the policy could not be evaluated")
        ids = sorted(diagnostics.id_annotations_by_reason.values())
        if result.allowed:
            return Decision(True, "auth.allowed", "", tuple(ids))
        return self._denial(ids)

    def _denial(self, ids: Iterable[str]) -> Decision:
        limits = sorted((self._policies.by_id[policy_id] for policy_id in ids), key=lambda limit: limit.rank)
        if not limits:
            return Decision(False, ROLE_MISSING, "no role of this account allows it")
        told = limits[0]
        return Decision(False, told.reason, told.english, tuple(limit.policy_id for limit in limits))


def _principal(subject: Subject) -> dict[str, Any]:
    principal = subject.principal
    in_jurisdiction = bool(principal.jurisdiction)
    return {
        "uid": {"type": "Principal", "id": principal.name},
        "attrs": {
            "kind": str(principal.kind),
            "line": str(principal.line),
            "roles": [str(role) for role in principal.roles],
            "tier": principal.tier,
            "organisation": principal.organisation,
            "disabled": principal.disabled,
            "scope": [] if in_jurisdiction else [_entity("Region", principal.scope)],
            "jurisdiction": [_entity("Jurisdiction", principal.jurisdiction)] if in_jurisdiction else [],
            "shared": [_entity("Jurisdiction", name) for name in subject.shared],
        },
        "parents": [],
    }


def _camera(camera: CameraFacts, place: Place) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "ownership": str(camera.ownership or ""),
        "operator": camera.operator,
        "listed": camera.listed_for_residents,
        "deleted": camera.deleted,
    }
    if camera.owner:
        attributes["owner"] = _entity("Principal", camera.owner)
    parents = [{"type": "Region", "id": code} for code in place.chain[:1]]
    parents += [{"type": "Jurisdiction", "id": name} for name in place.jurisdictions]
    return {"uid": {"type": "Camera", "id": camera.uid}, "attrs": attributes, "parents": parents}


def _regions(place: Place) -> list[dict[str, Any]]:
    """The region and its own chain alone: a larger set costs at every decision."""
    regions = []
    for index, code in enumerate(place.chain):
        parents = [{"type": "Region", "id": parent} for parent in place.chain[index + 1 : index + 2]]
        if index == 0:
            parents += [{"type": "Jurisdiction", "id": name} for name in place.jurisdictions]
        regions.append({"uid": {"type": "Region", "id": code}, "attrs": {}, "parents": parents})
    return regions


def _entity(kind: str, name: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": name}}
