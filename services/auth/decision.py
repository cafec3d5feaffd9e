"""Who may do what: pure functions over facts, without a clock or a database.

Rights are the union over a principal's roles, inside their scope only:

| action        | viewer | operator | admin | auditor |
|---------------|--------|----------|-------|---------|
| camera.read   | yes    | yes      | yes   |         |
| camera.manage |        | yes      | yes   |         |
| live          | yes    | yes      | yes   |         |
| snapshot      | yes    | yes      | yes   |         |
| playback      | yes    |          | yes   |         |
| export        |        |          | yes   |         |
| audit.read    |        |          |       | yes     |

An operator sees whether a camera works, not what it recorded. An auditor sees who looked, not what they saw.
Three rules narrow the table:

- Pictures of a household's camera are for its owner alone, whatever anybody's role.
- Residents see, of cameras that are not their own, only those listed for residents, and those only live.
- A camera that was deleted has footage and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.auth.model import CameraFacts, Line, Ownership, Principal, Role


class Action(StrEnum):
    """What can be asked for."""

    CAMERA_READ = "camera.read"
    CAMERA_MANAGE = "camera.manage"
    LIVE = "live"
    PLAYBACK = "playback"
    SNAPSHOT = "snapshot"
    EXPORT = "export"
    AUDIT_READ = "audit.read"


PICTURES = frozenset({Action.LIVE, Action.PLAYBACK, Action.SNAPSHOT, Action.EXPORT})
FOOTAGE = frozenset({Action.PLAYBACK, Action.EXPORT})
RIGHTS: dict[Role, frozenset[Action]] = {
    Role.VIEWER: frozenset({Action.CAMERA_READ, Action.LIVE, Action.SNAPSHOT, Action.PLAYBACK}),
    Role.OPERATOR: frozenset({Action.CAMERA_READ, Action.CAMERA_MANAGE, Action.LIVE, Action.SNAPSHOT}),
    Role.ADMIN: PICTURES | {Action.CAMERA_READ, Action.CAMERA_MANAGE},
    Role.AUDITOR: frozenset({Action.AUDIT_READ}),
}
EXPLANATIONS = {
    "auth.principal_disabled": "this account is disabled",
    "auth.camera_unknown": "there is no such camera",
    "auth.camera_deleted": "the camera was removed; only its footage is left",
    "auth.region_unknown": "the camera's region is not known",
    "auth.outside_scope": "this lies outside the regions of this account",
    "auth.role_missing": "no role of this account allows it",
    "auth.household_camera": "a household's camera is for its owner",
    "auth.not_listed": "the camera is not open to residents",
    "auth.resident_live_only": "residents may only watch live",
    "auth.resident_by_camera": "residents' rights are decided camera by camera",
}
"""A sentence for people for each reason of a denial."""

RESIDENT_RIGHTS = frozenset({Action.CAMERA_READ, Action.LIVE})


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer and its stable reason, "auth.outside_scope" or "auth.role_viewer"."""

    allowed: bool
    reason: str
    policies: tuple[str, ...] = ()
    """Ids of the policies that made it."""
    grants: tuple[str, ...] = ()
    """Ids of the grants and consents it rests on."""


def decide_camera(
    principal: Principal, camera: CameraFacts | None, chain: Sequence[str], action: Action
) -> Decision:
    """Decide `action` on a camera. `chain` holds the codes of its region and of all regions around it."""
    if principal.disabled:
        return _deny("auth.principal_disabled")
    if camera is None:
        return _deny("auth.camera_unknown")
    if camera.deleted and action not in FOOTAGE:
        return _deny("auth.camera_deleted")
    decision = _by_scope_and_role(principal, chain, action)
    if not decision.allowed:
        return decision
    is_owner = camera.owner == principal.name
    if camera.ownership is Ownership.HOUSEHOLD and action in PICTURES and not is_owner:
        return _deny("auth.household_camera")
    if principal.line is Line.RESIDENT and not is_owner:
        if not camera.listed_for_residents:
            return _deny("auth.not_listed")
        if action not in RESIDENT_RIGHTS:
            return _deny("auth.resident_live_only")
    return decision


def decide_region(principal: Principal, chain: Sequence[str], action: Action) -> Decision:
    """Decide `action` on all that a region holds. `chain` holds its code and those of the regions around."""
    if principal.disabled:
        return _deny("auth.principal_disabled")
    if principal.line is Line.RESIDENT:
        return _deny("auth.resident_by_camera")  # a whole region holds cameras that are not listed
    return _by_scope_and_role(principal, chain, action)


def _by_scope_and_role(principal: Principal, chain: Sequence[str], action: Action) -> Decision:
    role = next((role for role in Role if role in principal.roles and action in RIGHTS[role]), None)
    if not chain:  # told only to who could do it somewhere: which regions exist is nobody else's business
        return _deny("auth.role_missing" if role is None else "auth.region_unknown")
    if principal.scope not in chain:
        return _deny("auth.outside_scope")
    if role is None:
        return _deny("auth.role_missing")
    return Decision(True, f"auth.role_{role}")


def _deny(reason: str) -> Decision:
    return Decision(False, reason)
