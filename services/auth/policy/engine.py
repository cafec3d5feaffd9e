"""Asks the policies: one principal, one action, one camera or region."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cedarpy
import structlog

from services.auth.decision import Action, Decision
from services.auth.model import CameraFacts, Principal
from services.auth.policy.policies import PolicySet

log = structlog.get_logger(__name__)

ROLE_MISSING = "auth.role_missing"
CACHED_SUBJECTS = 5_000
CACHED_DECISIONS = 50_000
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
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a camera or region lies: codes of its region and of all around it, nearest first, and the
    jurisdictions that hold it.
    """

    chain: tuple[str, ...]
    jurisdictions: tuple[str, ...] = ()


class PolicyEngine:
    """Decides by the policies, and by nothing else. An answer depends on nothing but the arguments, so that
    those given lately are kept.
    """

    def __init__(self, policies: PolicySet) -> None:
        self._policies = policies
        self._principals = lru_cache(CACHED_SUBJECTS)(self._principal)
        self._decide = lru_cache(CACHED_DECISIONS)(self._evaluate)

    def on_camera(
        self, subject: Subject, camera: CameraFacts, place: Place, action: Action, asked: Circumstances
    ) -> Decision:
        """Decide `action` on a camera."""
        return self._decide(subject, camera, place, action, asked)

    def on_region(self, subject: Subject, place: Place, action: Action) -> Decision:
        """Decide `action` on all that a region holds."""
        return self._decide(subject, None, place, action, Circumstances())

    def _evaluate(
        self,
        subject: Subject,
        camera: CameraFacts | None,
        place: Place,
        action: Action,
        asked: Circumstances,
    ) -> Decision:
        resource = _region(place) if camera is None else _camera(camera, place)
        request = {
            "principal": {"type": "Principal", "id": subject.principal.name},
            "action": {"type": "Action", "id": str(action)},
            "resource": resource["uid"],
            "context": {
                "incident": asked.incident,
                "named": asked.named,
                "days": asked.days,
                "grants": sorted(asked.grants),
            },
        }
        entities = self._principals(subject).with_added_json_str(json.dumps([resource]))
        about = self._policies.about[str(action), str(subject.principal.line)]
        result = cedarpy.is_authorized(request, about, entities, self._policies.schema)
        diagnostics = result.diagnostics
        if diagnostics.errors:  # a forbid that errs is skipped: nothing may be allowed without it
            log.error("policy.failed", errors=diagnostics.errors)
            return Decision(False, "auth.policy_failed", "the policy could not be evaluated")
        ids = sorted(diagnostics.id_annotations_by_reason.values())
        if result.allowed:
            return Decision(True, "auth.allowed", "", tuple(ids), obligations=self._obligations(ids))
        return self._denial(ids)

    def _principal(self, subject: Subject) -> cedarpy.Entities:
        """The principal and the schema's actions: what does not change from one question to the next."""
        return cedarpy.Entities.from_json_str(json.dumps([_principal(subject)]), self._policies.schema)

    def _obligations(self, ids: Iterable[str]) -> frozenset[str]:
        """Those that all the policies share which permit it: one that asks for nothing suffices."""
        return frozenset.intersection(*(self._policies.by_id[policy_id].obligations for policy_id in ids))

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
            "roles": [str(role) for role in principal.roles],
            "tier": principal.tier,
            "organisation": principal.organisation,
            "disabled": principal.disabled,
            "scope": [] if in_jurisdiction else [_entity("Region", principal.scope)],
            "jurisdiction": [_entity("Jurisdiction", principal.jurisdiction)] if in_jurisdiction else [],
            "shared": [_entity("Jurisdiction", name) for name in subject.shared],
        },
        "parents": [{"type": "Line", "id": str(principal.line)}],
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
    return {
        "uid": {"type": "Camera", "id": camera.uid},
        "attrs": attributes,
        "parents": _around(place.chain, place),
    }


def _region(place: Place) -> dict[str, Any]:
    code = place.chain[0] if place.chain else _NOWHERE
    return {"uid": {"type": "Region", "id": code}, "attrs": {}, "parents": _around(place.chain[1:], place)}


def _around(codes: Sequence[str], place: Place) -> list[dict[str, str]]:
    """All that the resource lies in, told at once: a set of ten thousand regions would cost at every
    decision, and so would telling of each of these what it lies in."""
    regions = [{"type": "Region", "id": code} for code in codes]
    return regions + [{"type": "Jurisdiction", "id": name} for name in place.jurisdictions]


def _entity(kind: str, name: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": name}}
