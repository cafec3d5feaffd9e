"""The policies themselves, decided without a database."""

import shutil
from pathlib import Path

import pytest

from services.auth.decision import OF_CAMERAS, Action, Decision
from services.auth.model import CameraFacts, Kind, Line, Ownership, Principal, Role
from services.auth.policy.engine import Circumstances, Place, PolicyEngine, Subject
from services.auth.policy.policies import RULES, load_policies
from snowlight.errors import FailedPreconditionError
from tests.rights_table import DOCUMENT, cells, expected

CHAIN = ("371326101201", "371326101", "371326", "3713", "37")
AT_EASE = Circumstances(incident=True, named=True)
ENGINE = PolicyEngine(load_policies(RULES))


def person(
    *roles: Role,
    line: Line = Line.GOVERNMENT,
    tier: int = 3,
    scope: str = "371326",
    organisation: str = "telecom",
    kind: Kind = Kind.PERSON,
    disabled: bool = False,
    jurisdiction: str = "",
) -> Principal:
    return Principal(
        "p1",
        *("someone", "", organisation, line, frozenset(roles), scope, disabled, 0),
        kind=kind,
        jurisdiction=jurisdiction,
        tier=tier,
    )


def camera(
    ownership: Ownership | None = Ownership.PUBLIC,
    owner: str = "",
    *,
    listed: bool = True,
    operator: str = "telecom",
    deleted: bool = False,
) -> CameraFacts:
    return CameraFacts("u1", CHAIN[0], ownership, owner, listed, operator, deleted)


def decide(
    principal: Principal,
    facts: CameraFacts,
    action: Action,
    asked: Circumstances = AT_EASE,
    *,
    shared: tuple[str, ...] = (),
    held_by: tuple[str, ...] = (),
) -> Decision:
    return ENGINE.on_camera(Subject(principal, shared), facts, Place(CHAIN, held_by), action, asked)


@pytest.mark.parametrize("line", Line)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("tier", range(1, 9))
def test_every_answer_is_the_tables(line: Line, role: Role, tier: int) -> None:
    row = expected(line, tier, role)
    inside = person(role, line=line, tier=tier)
    outside = person(role, line=line, tier=tier, scope="371326102")
    for ownership in Ownership:
        allowed = {a for a in Action if decide(inside, camera(ownership), a).allowed}
        assert allowed == row.on_camera(ownership), ownership
        assert not {a for a in Action if decide(outside, camera(ownership), a).allowed}
    whole = {a for a in Action if ENGINE.on_region(Subject(inside), Place(CHAIN), a).allowed}
    assert whole == row.everything - OF_CAMERAS
    assert not {a for a in Action if ENGINE.on_region(Subject(outside), Place(CHAIN), a).allowed}


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        ("371326101201", "auth.allowed"),
        ("3713", "auth.allowed"),
        ("371326101202", "auth.outside_scope"),
        ("3713261", "auth.outside_scope"),
        ("", "auth.outside_scope"),
    ],
)
def test_the_scope_is_a_region_around_the_camera_and_no_prefix_of_its_code(scope: str, reason: str) -> None:
    assert decide(person(Role.ADMIN, scope=scope), camera(), Action.LIVE).reason == reason


LIMITS: list[tuple[Principal, CameraFacts, Action, Circumstances, str]] = [
    (person(Role.ADMIN, disabled=True), camera(), Action.LIVE, AT_EASE, "auth.principal_disabled"),
    (person(Role.ADMIN), camera(deleted=True), Action.LIVE, AT_EASE, "auth.camera_deleted"),
    (person(Role.ADMIN), camera(Ownership.HOUSEHOLD), Action.LIVE, AT_EASE, "auth.household_camera"),
    (person(Role.ADMIN, Role.AUDITOR), camera(), Action.LIVE, AT_EASE, "auth.auditor_no_pictures"),
    (
        person(Role.ADMIN, line=Line.CARRIER),
        camera(operator="unicom"),
        *(Action.CAMERA_READ, AT_EASE, "auth.not_operated"),
    ),
    (
        person(Role.ADMIN, line=Line.CARRIER, organisation=""),
        camera(operator=""),
        *(Action.CAMERA_READ, AT_EASE, "auth.not_operated"),
    ),
    (person(Role.ADMIN, line=Line.CARRIER), camera(), Action.LIVE, AT_EASE, "auth.carrier_no_pictures"),
    (person(Role.VIEWER, tier=5), camera(), Action.PLAYBACK, Circumstances(days=8), "auth.too_old"),
    (
        person(Role.VIEWER, line=Line.POLICE),
        camera(),
        *(Action.PLAYBACK, Circumstances(named=True), "auth.incident_required"),
    ),
    (
        person(Role.VIEWER, line=Line.POLICE, kind=Kind.SYSTEM),
        camera(),
        *(Action.EXPORT, Circumstances(incident=True), "auth.acting_person_required"),
    ),
    (person(Role.VIEWER, kind=Kind.DEVICE), camera(), Action.PLAYBACK, AT_EASE, "auth.device_live_only"),
    (person(Role.VIEWER, line=Line.RESIDENT), camera(listed=False), Action.LIVE, AT_EASE, "auth.not_listed"),
    (person(Role.VIEWER, line=Line.RESIDENT), camera(), Action.SNAPSHOT, AT_EASE, "auth.resident_live_only"),
    (person(Role.VIEWER), camera(), Action.EXPORT, AT_EASE, "auth.role_missing"),
]


@pytest.mark.parametrize(("who", "what", "action", "asked", "reason"), LIMITS)
def test_each_limit_is_told_as_the_reason(
    who: Principal, what: CameraFacts, action: Action, asked: Circumstances, reason: str
) -> None:
    decision = decide(who, what, action, asked)
    assert (decision.allowed, decision.reason) == (False, reason)
    assert decision.sentence
    assert bool(decision.policies) == (reason != "auth.role_missing")


def test_seven_days_are_the_last_days_of_a_village() -> None:
    cadre = person(Role.VIEWER, tier=5, scope=CHAIN[0])
    assert decide(cadre, camera(), Action.PLAYBACK, Circumstances(days=7)).allowed
    assert decide(person(Role.VIEWER, tier=4), camera(), Action.PLAYBACK, Circumstances(days=300)).allowed


def test_residents_see_listed_cameras_silent_and_watermarked_and_their_own_as_they_are() -> None:
    resident = person(Role.VIEWER, line=Line.RESIDENT)
    assert decide(resident, camera(), Action.LIVE).obligations == {"silent", "watermark"}
    own = camera(owner=resident.name)
    assert decide(resident, own, Action.LIVE).obligations == frozenset()
    assert decide(person(Role.VIEWER), camera(), Action.LIVE).obligations == frozenset()


def test_an_owner_has_their_camera_wherever_they_live() -> None:
    owner = person(Role.VIEWER, line=Line.RESIDENT, scope="42")
    own = camera(Ownership.HOUSEHOLD, owner.name, listed=False)
    allowed = {str(a) for a in Action if decide(owner, own, a).allowed}
    assert allowed == {"camera.read", "live", "snapshot", "playback", "export", "ptz"}


@pytest.mark.parametrize("kind", ["consent", "case", "emergency"])
def test_a_grant_opens_a_household_beyond_the_scope_and_names_itself(kind: str) -> None:
    officer = person(Role.VIEWER, line=Line.POLICE, scope="42")
    home = camera(Ownership.HOUSEHOLD, "principals/owner", listed=False)
    granted = Circumstances(incident=True, grants=frozenset({kind}))
    decision = decide(officer, home, Action.LIVE, granted)
    assert decision.allowed
    assert f"grant.{kind}" in decision.policies
    assert not decide(officer, home, Action.CAMERA_MANAGE, granted).allowed


def test_a_repair_grant_opens_the_live_picture_to_a_carrier_alone() -> None:
    granted = Circumstances(grants=frozenset({"repair"}))
    technician = person(Role.OPERATOR, line=Line.CARRIER)
    assert decide(technician, camera(), Action.LIVE, granted).allowed
    assert decide(technician, camera(Ownership.HOUSEHOLD), Action.SNAPSHOT, granted).allowed
    assert not decide(technician, camera(), Action.PLAYBACK, granted).allowed
    assert not decide(technician, camera(operator="unicom"), Action.LIVE, granted).allowed


def test_a_share_is_for_watching_and_a_jurisdiction_for_all() -> None:
    province = person(Role.ADMIN, tier=1, scope="42")
    assert not decide(province, camera(), Action.LIVE, held_by=("j1",)).allowed
    assert decide(province, camera(), Action.LIVE, shared=("j1",), held_by=("j1",)).allowed
    assert not decide(province, camera(), Action.HOLD, shared=("j1",), held_by=("j1",)).allowed
    assert not decide(province, camera(), Action.LIVE, shared=("j2",), held_by=("j1",)).allowed
    station = person(Role.ADMIN, line=Line.POLICE, tier=4, scope="42", jurisdiction="j1")
    assert decide(station, camera(), Action.HOLD, held_by=("j1",)).allowed
    assert decide(station, camera(), Action.HOLD).reason == "auth.outside_scope"


def test_both_documents_hold_the_same_table_and_every_policy() -> None:
    chinese = DOCUMENT.with_name("rights.zh-CN.md")
    assert list(cells(DOCUMENT)) == list(cells(chinese))
    for policy in load_policies(RULES).by_id.values():
        reason = f"`{policy.reason}`" if policy.reason else "-"
        assert f"| `{policy.policy_id}` | {reason} | {policy.english} |" in DOCUMENT.read_text()
        assert f"| `{policy.policy_id}` | {reason} | {policy.chinese} |" in chinese.read_text()


BROKEN = {
    "no id": ("permit (principal, action, resource);", "a policy has no @id"),
    "no sentence": ('@id("x") permit (principal, action, resource);', "x has no @en"),
    "no reason": ('@id("x") @en("e") @zh("z") forbid (principal, action, resource);', "x has no @reason"),
    "an id twice": (
        '@id("auditor") @en("e") @zh("z") permit (principal, action == Action::"live", resource);',
        "two policies have the id auditor",
    ),
    "an unknown action": (
        '@id("x") @en("e") @zh("z") permit (principal, action == Action::"fly", resource);',
        "extra.cedar",
    ),
    "an unknown fact": (
        '@id("x") @en("e") @zh("z") permit (principal, action, resource) when { principal.shoe == 1 };',
        "extra.cedar",
    ),
    "an unknown obligation": (
        '@id("x") @en("e") @zh("z") @obligations("upside-down") permit (principal, action, resource);',
        "upside-down",
    ),
    "no Cedar": ("let everybody in", "extra.cedar"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_policy_that_no_decision_could_rest_on_is_refused(tmp_path: Path, name: str) -> None:
    text, problem = BROKEN[name]
    folder = shutil.copytree(RULES, tmp_path / "rules")
    (folder / "extra.cedar").write_text(text)
    with pytest.raises(FailedPreconditionError) as raised:
        load_policies(folder)
    assert raised.value.code == "policy.invalid"
    assert problem in raised.value.detail


def test_a_folder_without_policies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FailedPreconditionError, match=r"holds no \*\.cedar file"):
        load_policies(tmp_path)
