"""Decisions on facts read from the database: who asks, what for, and what the policies say."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.in_force import closes_ms, in_force
from services.auth.decision import OF_CAMERAS, PICTURES, Action, Decision
from services.auth.facts import Facts, read_facts
from services.auth.model import Actor, CameraFacts, Kind, Principal, Role
from services.auth.policy.engine import Circumstances, Place, PolicyEngine
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


def actor_of(principal: Principal, caller: AccessClaims, remote_address: str) -> Actor:
    """The principal as the audit tells them."""
    return Actor(
        principal=principal.name,
        organisation=principal.organisation,
        line=str(principal.line),
        tier=principal.tier,
        scope=principal.scope_name,
        acting_person=caller.acting_person,
        acting_unit=caller.acting_unit,
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
        ends_ms = facts.ends_ms(facts.place(facts.subject(principal), camera.region, camera.uid))
        decision = self._by_policies(facts, principal, camera, action, self._circumstances(asked))
        if decision.allowed and _is_anothers(camera, principal, asked.window):
            camera = replace(camera, owner="")  # what is allowed by another right goes on
            decision = self._by_policies(facts, principal, camera, action, self._circumstances(asked))
            decision = decision if decision.allowed else BEFORE_OWNER
        if decision.allowed or action not in OPENED_BY_GRANTS:
            return _until(decision, ends_ms)
        granted = in_force(facts, principal, camera, action, asked.window)
        if not granted:
            return decision
        kinds = frozenset(str(grant.kind) for grant in granted)
        circumstances = replace(self._circumstances(asked), grants=kinds)
        decision = self._by_policies(facts, principal, camera, action, circumstances)
        if not decision.allowed:
            return decision
        ends_ms += [closes_ms(grant, action, facts.now_ms) for grant in granted]
        return _until(replace(decision, grants=tuple(sorted(grant.grant_id for grant in granted))), ends_ms)

    def _by_policies(
        self,
        facts: Facts,
        principal: Principal,
        camera: CameraFacts,
        action: Action,
        circumstances: Circumstances,
    ) -> Decision:
        subject = facts.subject(principal)
        return _in_known_place(
            facts.place(subject, camera.region, camera.uid),
            principal,
            lambda place: self._engine.on_camera(subject, camera, place, action, circumstances),
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
