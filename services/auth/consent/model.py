"""Consents, grants and what hangs on them, as they are kept. Instants are ms since 1970 UTC."""

from dataclasses import dataclass
from enum import StrEnum

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

LONGEST_CONSENT_MS = 366 * DAY_MS
LONGEST_GRANT_S = 72 * 3600
LONGEST_REPAIR_S = 8 * 3600
LONGEST_VIEWING_S = 24 * 3600
EMERGENCY_S = 4 * 3600
"""How long an emergency holds that nobody has approved."""
TIME_TO_DECIDE_MS = 72 * HOUR_MS
LONGEST_DEFERRAL_MS = 90 * DAY_MS
TIME_TO_ERASE_MS = 24 * HOUR_MS


class OpeningKind(StrEnum):
    """What opens a camera."""

    CONSENT = "consent"
    CASE = "case"
    EMERGENCY = "emergency"
    REPAIR = "repair"


class ConsentState(StrEnum):
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class GrantState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    EXPIRED = "expired"


class RequestState(StrEnum):
    REQUESTED = "requested"
    GRANTED = "granted"
    REFUSED = "refused"


class ErasureState(StrEnum):
    PENDING = "pending"
    HELD = "held"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Audience:
    """To whom: a principal, an organisation, or a line within a region. The others are empty."""

    principal: str = ""
    organisation: str = ""
    line: str = ""
    region: str = ""
    """Code, with a line."""


@dataclass(frozen=True, slots=True)
class Hours:
    """From one minute of the day to another, over midnight where `to_minute` is the smaller."""

    from_minute: int
    to_minute: int


@dataclass(frozen=True, slots=True)
class Opening:
    """A camera is open to an audience. For a consent, as long as the camera is the owner's who gave it."""

    camera_uid: str
    grant_id: str
    kind: OpeningKind
    owner: str
    audience: Audience
    actions: tuple[str, ...]
    window: tuple[int, int]
    """Of footage; (0, 0): none."""
    hours: Hours | None
    time_zone: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Consent:
    consent_id: str
    camera_uid: str
    owner: str
    audience: Audience
    actions: tuple[str, ...]
    hours: Hours | None
    time_zone: str
    footage_from_ms: int
    create_ms: int
    end_ms: int
    paper_reference: str
    created_by: str
    state: ConsentState = ConsentState.ACTIVE
    withdrawn_by: str = ""
    withdraw_ms: int | None = None
    erasure_id: str = ""

    @property
    def name(self) -> str:
        return f"consents/{self.consent_id}"

    def opening(self) -> Opening:
        """What is in force while the consent is."""
        return Opening(
            self.camera_uid,
            self.consent_id,
            OpeningKind.CONSENT,
            self.owner,
            self.audience,
            self.actions,
            (self.footage_from_ms, self.end_ms),
            self.hours,
            self.time_zone,
            self.create_ms,
            self.end_ms,
        )


@dataclass(frozen=True, slots=True)
class Erasure:
    """What of a camera was recorded in [from_ms, until_ms), ms since 1970 UTC, is to go."""

    erasure_id: str
    consent_id: str
    camera_uid: str
    owner: str
    from_ms: int
    """Since when the camera is the owner's: another's footage is not theirs to erase."""
    until_ms: int
    create_ms: int
    state: ErasureState = ErasureState.PENDING
    held_by: tuple[str, ...] = ()
    remaining_objects: int = 0
    error: str = ""
    done_ms: int | None = None

    @property
    def name(self) -> str:
        return f"erasures/{self.erasure_id}"

    @property
    def due_ms(self) -> int:
        return self.create_ms + TIME_TO_ERASE_MS


@dataclass(frozen=True, slots=True)
class GrantCamera:
    """A camera of a grant, in whose region and whose owner's it was when it was asked for."""

    uid: str
    region: str
    owner: str


@dataclass(frozen=True, slots=True)
class Grant:
    grant_id: str
    kind: OpeningKind
    purpose: str
    state: GrantState
    cameras: tuple[GrantCamera, ...]
    actions: tuple[str, ...]
    window: tuple[int, int]
    """Of footage; (0, 0): none."""
    case_number: str
    reason: str
    requester: str
    beneficiary: str
    duration_s: int
    create_ms: int
    start_ms: int | None
    """In force from here on; None: not yet."""
    end_ms: int
    """When it ends by itself; while it waits, until when it can be decided."""
    decided_by: str = ""
    decide_ms: int | None = None
    decision_reason: str = ""
    notice_ms: int | None = None
    notice_deferred_by: str = ""
    notice_reason: str = ""
    revision: int = 1

    @property
    def name(self) -> str:
        return f"grants/{self.grant_id}"

    @property
    def etag(self) -> str:
        return f"r{self.revision}"

    @property
    def is_in_force(self) -> bool:
        """Until its end."""
        running = (GrantState.APPROVED, GrantState.REQUESTED)
        return self.start_ms is not None and self.state in running

    def openings(self) -> list[Opening]:
        """What is in force while the grant is."""
        assert self.start_ms is not None
        return [
            Opening(
                camera.uid,
                self.grant_id,
                self.kind,
                "",
                Audience(principal=self.beneficiary),
                self.actions,
                self.window,
                None,
                "",
                self.start_ms,
                self.end_ms,
            )
            for camera in self.cameras
        ]


@dataclass(frozen=True, slots=True)
class Alert:
    """An emergency that a supervisor is to look at."""

    alert_id: str
    grant: Grant
    create_ms: int
    acknowledged_by: str = ""
    acknowledge_ms: int | None = None

    @property
    def name(self) -> str:
        return f"alerts/{self.alert_id}"


@dataclass(frozen=True, slots=True)
class SubjectRequest:
    """Somebody who was filmed asks to see it."""

    request_id: str
    camera_uid: str
    region: str
    window: tuple[int, int]
    applicant_reference: str
    identity_checked_by: str
    reason: str
    recorded_by: str
    officer: str
    create_ms: int
    state: RequestState = RequestState.REQUESTED
    decided_by: str = ""
    decide_ms: int | None = None
    decision_reason: str = ""
    grant_id: str = ""

    @property
    def name(self) -> str:
        return f"subjectRequests/{self.request_id}"
