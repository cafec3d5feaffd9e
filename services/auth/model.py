"""What auth decides about: regions, principals and the facts of cameras."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """A region's administrative tier, higher tiers first. The tier follows this, never the region's title."""

    PROVINCE = 1
    PREFECTURE = 2
    COUNTY = 3
    TOWN = 4
    VILLAGE = 5
    GRID = 6
    GROUP = 7
    HOUSEHOLD = 8


class Line(StrEnum):
    """Which of the platform's user groups somebody belongs to."""

    CARRIER = "carrier"
    GOVERNMENT = "government"
    POLICE = "police"
    POLITICAL_LEGAL = "political_legal"
    RESIDENT = "resident"


class Role(StrEnum):
    """What somebody may do inside their scope; `policy/rules` says what each role grants."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Kind(StrEnum):
    """What a principal is."""

    PERSON = "person"
    SYSTEM = "system"
    """Another platform: it names the person that it acts for."""
    DEVICE = "device"
    """A set-top box."""


class Ownership(StrEnum):
    """Whose a camera is."""

    PUBLIC = "public"
    COLLECTIVE = "collective"
    BUSINESS = "business"
    HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True)
class Region:
    """An administrative region. `valid_to_ms` is None while the region exists."""

    code: str
    parent: str
    level: Level
    display_name: str
    valid_from_ms: int
    valid_to_ms: int | None
    households: int
    population: int


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who can sign in. `scope` is a region's code: everything in and below it."""

    principal_id: str
    username: str
    display_name: str
    organisation: str
    line: Line
    roles: frozenset[Role]
    scope: str
    disabled: bool
    create_ms: int
    kind: Kind = Kind.PERSON
    jurisdiction: str = ""
    """Id of the jurisdiction that is the scope instead of the region; the region still gives the tier."""
    tier: int = 0
    """The level of the scope's region; 0 while that is not known."""
    version: int = 1
    """Goes up with each change."""
    created_by: str = ""
    """Name of the admin who made them; empty: the administrator's tool, or themselves."""
    must_change: bool = False
    """Their password is one that somebody else has been shown."""

    @property
    def name(self) -> str:
        return f"principals/{self.principal_id}"

    @property
    def mark(self) -> str:
        """Who looks, as it is drawn over pictures."""
        return f"{self.display_name} {self.username}" if self.display_name != self.username else self.username

    @property
    def scope_name(self) -> str:
        """ "regions/{code}" or "jurisdictions/{id}"."""
        return f"jurisdictions/{self.jurisdiction}" if self.jurisdiction else f"regions/{self.scope}"


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A named set of regions and cameras: a police station's, a share, a special duty's with an end.

    It is the scope of those principals that name it. Its `members` keep their own scope, and see what it
    holds besides. `region` is the code of the region whose it is.
    """

    jurisdiction_id: str
    display_name: str
    region: str
    regions: frozenset[str]
    cameras: frozenset[str]
    """uids"""
    members: frozenset[str]
    """Names of principals."""
    reason: str
    expire_ms: int | None
    create_ms: int
    line: str = ""
    """Whose admin made it, and may change it; empty: the administrator's tool."""
    version: int = 1

    @property
    def name(self) -> str:
        return f"jurisdictions/{self.jurisdiction_id}"


@dataclass(frozen=True, slots=True)
class CameraFacts:
    """What rights depend on. `owner` is a principal's name for a household's camera."""

    uid: str
    region: str
    ownership: Ownership | None
    owner: str
    listed_for_residents: bool
    operator: str = ""
    """The carrier's organisation that operates it."""
    deleted: bool = False
    owner_ms: int = 0
    """Since when it is its owner's: earlier footage is not theirs."""


ITSELF = "services/auth"
"""Acts when something ends or is noticed by itself."""
ADMINISTRATOR = "services/admin"
"""The administrator's tool, on the machine itself: it acts for no person that is known here."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who used a right, as they were at that moment. A system names the person it acts for and their unit."""

    principal: str
    """"principals/{id}", or "services/{name}" for a service that acts by itself."""
    organisation: str = ""
    line: str = ""
    tier: int = 0
    """The level of their scope's region; 0 when they have none."""
    scope: str = ""
    acting_person: str = ""
    acting_unit: str = ""
    remote_address: str = ""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One use of a right. Times in ms since 1970 UTC; a window of None was not asked for."""

    time_ms: int
    event: str
    """"decision" (a ticket asked for), "view" (what was then watched, or read of the audit), "change"
    (of rights, or of the audit's own past) or "alarm" (the chain was found broken)."""
    actor: Actor
    action: str
    allowed: bool
    reason: str
    camera_uid: str = ""
    window: tuple[int, int] | None = None
    purpose: str = ""
    policies: tuple[str, ...] = ()
    """Ids of the policies that made the decision."""
    ticket_id: str = ""
    watched_s: int = 0
    watched_bytes: int = 0
    detail: str = ""
    """Of a change: what was changed, "grants/7f3a approved"."""
    region: str = ""
    """The code of the region it is about. Left empty: the camera's, or else that of the actor's scope."""
