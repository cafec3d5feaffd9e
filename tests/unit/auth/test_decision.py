"""Who may do what, case by case."""

import pytest

from services.auth.decision import EXPLANATIONS, Action, Decision, decide_camera, decide_region
from services.auth.model import CameraFacts, Line, Ownership, Principal, Role

CHAIN = ["371326101201", "371326101", "371326", "3713", "37"]
EVERYTHING_ELSE = "auth.role_missing"


def person(
    *roles: Role, scope: str = "371326", line: Line = Line.GOVERNMENT, disabled: bool = False
) -> Principal:
    return Principal("p1", "someone", "", "", line, frozenset(roles), scope, disabled, 0)


def camera(
    ownership: Ownership = Ownership.PUBLIC, owner: str = "", *, listed: bool = False, deleted: bool = False
) -> CameraFacts:
    return CameraFacts("u1", CHAIN[0], ownership, owner, listed, deleted)


def allowed_actions(principal: Principal, facts: CameraFacts) -> set[str]:
    return {str(a) for a in Action if decide_camera(principal, facts, CHAIN, a).allowed}


@pytest.mark.parametrize(
    ("roles", "actions"),
    [
        ([Role.VIEWER], "camera.read live snapshot playback"),
        ([Role.OPERATOR], "camera.read camera.manage live snapshot"),
        ([Role.ADMIN], "camera.read camera.manage live snapshot playback export"),
        ([Role.AUDITOR], "audit.read"),
        ([Role.VIEWER, Role.AUDITOR], "camera.read live snapshot playback audit.read"),
        ([], ""),
    ],
)
def test_each_role_grants_what_the_table_says_and_nothing_else(roles: list[Role], actions: str) -> None:
    assert allowed_actions(person(*roles), camera()) == set(actions.split())
    denied = {decide_camera(person(*roles), camera(), CHAIN, a).reason for a in Action} - {
        f"auth.role_{role}" for role in roles
    }
    assert denied == {EVERYTHING_ELSE}


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        ("371326101201", "auth.role_admin"),
        ("3713", "auth.role_admin"),
        ("371326101202", "auth.outside_scope"),
        ("3713261", "auth.outside_scope"),
        ("", "auth.outside_scope"),
    ],
)
def test_the_scope_must_be_a_region_around_the_camera_not_a_prefix_of_its_code(
    scope: str, reason: str
) -> None:
    assert decide_camera(person(Role.ADMIN, scope=scope), camera(), CHAIN, Action.LIVE).reason == reason
    assert decide_region(person(Role.ADMIN, scope=scope), CHAIN, Action.CAMERA_READ).reason == reason


def test_what_is_not_known_is_denied() -> None:
    admin = person(Role.ADMIN)
    assert decide_camera(admin, None, [], Action.LIVE) == Decision(False, "auth.camera_unknown")
    assert decide_camera(admin, camera(), [], Action.LIVE) == Decision(False, "auth.region_unknown")
    assert decide_region(admin, [], Action.CAMERA_READ) == Decision(False, "auth.region_unknown")
    assert decide_region(person(Role.VIEWER), [], Action.CAMERA_MANAGE) == Decision(
        False, "auth.role_missing"
    )


@pytest.mark.parametrize("action", Action)
def test_a_disabled_account_may_do_nothing(action: Action) -> None:
    gone = person(*Role, disabled=True)
    assert decide_camera(gone, camera(), CHAIN, action) == Decision(False, "auth.principal_disabled")
    assert decide_region(gone, CHAIN, action) == Decision(False, "auth.principal_disabled")


def test_pictures_of_a_household_are_for_its_owner_and_for_nobody_higher_up() -> None:
    household = camera(Ownership.HOUSEHOLD, owner="principals/p1", listed=True)
    somebody_elses = camera(Ownership.HOUSEHOLD, owner="principals/p2", listed=True)
    owner = person(Role.VIEWER, line=Line.RESIDENT)
    assert allowed_actions(owner, household) == {"camera.read", "live", "snapshot", "playback"}
    assert allowed_actions(person(Role.ADMIN), somebody_elses) == {"camera.read", "camera.manage"}
    decision = decide_camera(person(Role.ADMIN), somebody_elses, CHAIN, Action.LIVE)
    assert decision == Decision(False, "auth.household_camera")
    nobodys = camera(Ownership.HOUSEHOLD, owner="", listed=True)
    assert decide_camera(person(Role.ADMIN), nobodys, CHAIN, Action.LIVE).reason == "auth.household_camera"


def test_residents_see_listed_cameras_live() -> None:
    resident = person(Role.VIEWER, line=Line.RESIDENT)
    assert allowed_actions(resident, camera(listed=True)) == {"camera.read", "live"}
    assert allowed_actions(resident, camera(listed=False)) == set()
    assert decide_camera(resident, camera(), CHAIN, Action.LIVE).reason == "auth.not_listed"
    recorded = decide_camera(resident, camera(listed=True), CHAIN, Action.PLAYBACK)
    assert recorded.reason == "auth.resident_live_only"
    assert decide_region(resident, CHAIN, Action.CAMERA_READ).reason == "auth.resident_by_camera"


def test_of_a_deleted_camera_only_the_footage_is_left() -> None:
    assert allowed_actions(person(Role.ADMIN), camera(deleted=True)) == {"playback", "export"}
    denied = decide_camera(person(Role.ADMIN), camera(deleted=True), CHAIN, Action.LIVE)
    assert denied.reason == "auth.camera_deleted"


def test_every_denial_is_explained() -> None:
    people = [
        person(*roles, scope=scope, line=line, disabled=disabled)
        for roles in ([], [Role.VIEWER], [Role.ADMIN], [Role.AUDITOR])
        for scope in ("371326", "42")
        for line in (Line.GOVERNMENT, Line.RESIDENT)
        for disabled in (False, True)
    ]
    cameras = [
        None,
        *(camera(o, listed=li, deleted=d) for o in Ownership for li in (False, True) for d in (False, True)),
    ]
    reasons = set()
    for someone in people:
        for action in Action:
            decisions = [decide_camera(someone, c, chain, action) for c in cameras for chain in (CHAIN, [])]
            decisions += [decide_region(someone, chain, action) for chain in (CHAIN, [])]
            reasons |= {d.reason for d in decisions if not d.allowed}
    assert reasons == set(EXPLANATIONS)
