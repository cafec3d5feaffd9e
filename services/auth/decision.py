"""What can be asked for, and how the answer looks. `policy/rules` says what is answered."""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What can be asked for."""

    CAMERA_READ = "camera.read"
    LIVE = "live"
    PLAYBACK = "playback"
    SNAPSHOT = "snapshot"
    EXPORT = "export"
    PTZ = "ptz"
    HOLD = "hold"
    RELEASE_HOLD = "release_hold"
    CAMERA_MANAGE = "camera.manage"
    CAMERA_ASSIGN = "camera.assign"
    """Say whose a camera is, and who it is open to."""
    RETENTION_MANAGE = "retention.manage"
    PRINCIPAL_MANAGE = "principal.manage"
    AUDIT_READ = "audit.read"
    ASSESSMENT_READ = "assessment.read"


PICTURES = frozenset({Action.LIVE, Action.PLAYBACK, Action.SNAPSHOT, Action.EXPORT})
FOOTAGE = frozenset({Action.PLAYBACK, Action.EXPORT})
OF_CAMERAS = PICTURES | {Action.PTZ, Action.HOLD, Action.RELEASE_HOLD}
"""Makes no sense for a whole region."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, with its stable reason, "auth.outside_scope", and a sentence for people."""

    allowed: bool
    reason: str
    sentence: str = ""
    policies: tuple[str, ...] = ()
    """Ids of the policies that made it."""
    grants: tuple[str, ...] = ()
    """Ids of the grants and consents it rests on."""
    obligations: frozenset[str] = frozenset()
    """How it must be shown: `policy.policies.OBLIGATIONS`."""
    until_ms: int | None = None
    """When the first of what it rests on ends by itself, ms since 1970 UTC; None: nothing does."""
