"""Decisions on facts read from the database: who asks, what for, and what the policies say."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.in_force import closes_ms, footage_within, in_force
from services.auth.decision import FOOTAGE, OF_CAMERAS, PICTURES, Action, Decision
from services.auth.facts import Facts, read_facts
from services.auth.model import Actor, CameraFacts, Kind, Principal, Role
from services.auth.policy.engine import Circumstances, Place, PolicyEngine, Subject
from services.auth.repository import principals
from services.auth.validation import invalid
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.errors import UnauthenticatedError

DAY_MS = 86_400_000
OPENED_BY_GRANTS = PICTURES | {Action.CAMERA_READ}
CAMERA_UNKNOWN = Decision(False, "auth.camera_unknown", "there is no such camera")
BEFORE_OWNER = Decision(False, "auth.before_owner", "the camera was another's when this was recorded")
REGION_UNKNOWN = Decision(False, "auth.region_unknown", "the region is not known")


def check_action(action: str) -> Action:
    """Raises InvalidArgumentError("action") for one that does not exist."""
    try:
        return Action(action)
    except ValueError as error:
        raise invalid("action", f"must be one of {', '.join(Action)}") from error


async def load_principal(connection: AsyncConnection, name: str) -> Principal:
    """Whom a verified token names. Raises UnauthenticatedError when they exist no more."""
    principal = await principals.find(connection, name)
    if principal is None:
        raise principal_unknown()
    return principal


async def load_caller(connection: AsyncConnection, caller: AccessClaims) -> Principal:
    """Whom a verified token speaks for, with what it may do in their name: a set-top box that a person let
    in has not all their rights. Raises UnauthenticatedError when they exist no more.
    """
    return _speaking(await load_principal(connection, caller.principal), caller)


def caller_in(facts: Facts, caller: AccessClaims) -> Principal:
    """As `load_caller`, of facts that were read already."""
    principal = facts.principals.get(caller.principal)
    if principal is None:
        raise principal_unknown()
    return _speaking(principal, caller)


def principal_unknown() -> UnauthenticatedError:
    """For a verified token whose principal exists no more."""
    return UnauthenticatedError("auth.principal_unknown", "the token's principal does not exist")


def _speaking(principal: Principal, caller: AccessClaims | None) -> Principal:
    if caller is not None and caller.client_id and principal.kind is not Kind.SYSTEM:
        return replace(principal, kind=Kind.DEVICE, roles=principal.roles & {Role.VIEWER})
    return principal


def actor_of(principal: Principal, caller: AccessClaims | None, remote_address: str) -> Actor:
    """The principal as the audit tells them. `caller` is None where they are about to sign in."""
    return Actor(
        principal=principal.name,
        organisation=principal.organisation,
        line=str(principal.line),
        tier=principal.tier,
        scope=principal.scope_name,
        acting_person=caller.acting_person if caller else "",
        acting_unit=caller.acting_unit if caller else "",
        remote_address=remote_address,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked besides the action: by whom exactly, for what purpose, and for which footage, in ms."""

    caller: AccessClaims | None = None
    purpose: str = ""
    window: tuple[int, int] | None = None


NOTHING_MORE = Asked()


class Rights:
    """Decides. `incident_number` is what a purpose must hold to name an incident."""

    def __init__(self, engine: PolicyEngine, clock: Clock, incident_number: re.Pattern[str]) -> None:
        self._engine = engine
        self._clock = clock
        self._incident_number = incident_number

    async def facts(
        self,
        connection: AsyncConnection,
        names: Collection[str],
        camera_uids: Collection[str] = (),
        *,
        codes: Collection[str] = (),
    ) -> Facts:
        """What decisions about these principals, cameras and regions rest on now."""
        return await read_facts(connection, names, camera_uids, self._clock.now_ms(), codes=codes)

    def on_camera(
        self,
        facts: Facts,
        principal: Principal,
        camera_uid: str,
        action: Action,
        asked: Asked = NOTHING_MORE,
    ) -> Decision:
        """Decide `action` on the camera as the model knows it."""
        camera = facts.cameras.get(camera_uid)
        if camera is None:
            return CAMERA_UNKNOWN
        return self.on_described(facts, principal, camera, action, asked)

    def on_region(self, facts: Facts, principal: Principal, code: str, action: Action) -> Decision:
        """Decide `action` on all a region holds. Raises InvalidArgumentError for actions on cameras alone."""
        if action in OF_CAMERAS:
            raise invalid("action", f"{action} is asked for a camera, not for a region")
        subject = facts.subject(principal)
        return _in_known_place(
            facts.place(subject, code),
            principal,
            lambda place: self._engine.on_region(subject, place, action),
        )

    def on_described(
        self,
        facts: Facts,
        principal: Principal,
        camera: CameraFacts,
        action: Action,
        asked: Asked = NOTHING_MORE,
    ) -> Decision:
        """Decide `action` on a camera as it is described, which need not be registered, by facts that know
        its region.

        What is allowed anyway does not end with a grant: grants are looked at last.
        """
        principal = _speaking(principal, asked.caller)
        subject = facts.subject(principal)
        place = facts.place(subject, camera.region, camera.uid)
        circumstances = self._circumstances(asked)
        decision = self._by_policies(subject, place, camera, action, circumstances)
        if decision.allowed and _is_anothers(camera, principal, asked.window):
            camera = replace(camera, owner="")  # what is allowed by another right goes on
            decision = self._by_policies(subject, place, camera, action, circumstances)
            decision = decision if decision.allowed else BEFORE_OWNER
        if decision.allowed:
            return _until(decision, facts.ends_ms(place))
        granted = (
            in_force(facts, principal, camera, action, asked.window) if action in OPENED_BY_GRANTS else []
        )
        if not granted:
            return decision
        kinds = frozenset(str(grant.kind) for grant in granted)
        decision = self._by_policies(subject, place, camera, action, replace(circumstances, grants=kinds))
        if not decision.allowed:
            return decision
        ends_ms = [closes_ms(grant, action, facts.now_ms) for grant in granted]
        decision = replace(decision, grants=tuple(sorted(grant.grant_id for grant in granted)))
        return _until(decision, [*facts.ends_ms(place), *ends_ms])

    def told(
        self,
        facts: Facts,
        principal: Principal,
        camera_uid: str,
        action: Action,
        asked: Asked,
        within: tuple[int, int],
    ) -> list[tuple[int, int]]:
        """What of `within`, [start, end) in ms, to tell of the camera's past to whom `action` is allowed: all
        where their role allows it by itself, else what they could open as footage. In order, apart.
        """
        if self.by_role(facts, principal, camera_uid, action, asked):
            return [within]
        camera = facts.cameras[camera_uid]
        principal = _speaking(principal, asked.caller)
        subject = facts.subject(principal)
        place = facts.place(subject, camera.region, camera.uid)
        # A ticket is asked for with an incident's number; when there is footage, one may know before.
        circumstances = replace(self._circumstances(asked), incident=True)
        parts: list[tuple[int, int]] = []
        for footage in FOOTAGE:
            is_theirs = camera.owner == principal.name
            if is_theirs and self._by_policies(subject, place, camera, footage, circumstances).allowed:
                parts.append((max(within[0], camera.owner_ms), within[1]))
            for opening in in_force(facts, principal, camera, footage, None):
                by_it = replace(circumstances, grants=frozenset({str(opening.kind)}))
                if self._by_policies(subject, place, camera, footage, by_it).allowed:
                    parts += footage_within(opening, camera, *within)
        return _united(parts)

    def by_role(
        self,
        facts: Facts,
        principal: Principal,
        camera_uid: str,
        action: Action,
        asked: Asked = NOTHING_MORE,
    ) -> bool:
        """It is allowed on a camera that is known, whosever it is, and without a grant."""
        camera = facts.cameras[camera_uid]
        if camera.owner == principal.name:
            camera = replace(camera, owner="")
        subject = facts.subject(_speaking(principal, asked.caller))
        place = facts.place(subject, camera.region, camera.uid)
        return self._by_policies(subject, place, camera, action, self._circumstances(asked)).allowed

    def _by_policies(
        self,
        subject: Subject,
        place: Place,
        camera: CameraFacts,
        action: Action,
        circumstances: Circumstances,
    ) -> Decision:
        return _in_known_place(
            place,
            subject.principal,
            lambda known: self._engine.on_camera(subject, camera, known, action, circumstances),
        )

    def _circumstances(self, asked: Asked) -> Circumstances:
        caller, days = asked.caller, 0
        if asked.window is not None:
            days = max(0, -((asked.window[0] - self._clock.now_ms()) // DAY_MS))
        return Circumstances(
            incident=self._incident_number.search(asked.purpose) is not None,
            named=caller is not None and caller.names_person,
            days=days,
        )


def _is_anothers(camera: CameraFacts, principal: Principal, window: tuple[int, int] | None) -> bool:
    """The footage begins before the camera became this owner's."""
    return camera.owner == principal.name and window is not None and window[0] < camera.owner_ms


def _united(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order, those that touch made one, empty ones left out."""
    united: list[tuple[int, int]] = []
    for start_ms, end_ms in sorted(parts):
        if start_ms >= end_ms:
            continue
        if united and start_ms <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], end_ms))
        else:
            united.append((start_ms, end_ms))
    return united


def _until(decision: Decision, ends_ms: Collection[int]) -> Decision:
    """The least of the ends, though another right may outlast it: at that instant it is decided anew."""
    return replace(decision, until_ms=min(ends_ms)) if decision.allowed and ends_ms else decision


def _in_known_place(place: Place, principal: Principal, decide: Callable[[Place], Decision]) -> Decision:
    """Tell that a region is unknown only to whom it would be open inside their scope: which regions exist is
    nobody else's business.
    """
    if place.chain:
        return decide(place)
    at_home = Place((principal.scope,), (principal.jurisdiction,) if principal.jurisdiction else ())
    decision = decide(at_home)
    return REGION_UNKNOWN if decision.allowed else decision
