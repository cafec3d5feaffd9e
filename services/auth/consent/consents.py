"""Owners open their cameras, and close them again."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.camera_model import CameraModel
from services.auth.changes import record_change
from services.auth.consent.checks import (
    MAX_REFERENCE,
    changed_meanwhile,
    check_actions,
    check_end,
    check_hours,
    id_of,
    new_id,
    not_found,
)
from services.auth.consent.erasures import begin_erasure
from services.auth.consent.in_force import is_named
from services.auth.consent.model import (
    LONGEST_CONSENT_MS,
    Audience,
    Consent,
    ConsentState,
    OpeningKind,
)
from services.auth.consent.repository import consents, openings
from services.auth.consent.standing import Caller, administered, caller_of, load_named, overseen
from services.auth.creations import ONLY, Creation
from services.auth.messages import to_ms
from services.auth.model import CameraFacts, Line, Ownership, Role
from services.auth.region_codes import check_code
from services.auth.repository import cameras, regions, revocations
from services.auth.validation import check_id, check_text, invalid, region_code
from snowlight.access.token import AccessClaims
from snowlight.api.auth.v1 import consent_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    PermissionDeniedError,
    ResourceExhaustedError,
)

MAX_OF_CAMERA = 100


class ConsentDesk:
    """Takes consents and their withdrawals."""

    def __init__(self, database: Database, model: CameraModel, clock: Clock, time_zone: str) -> None:
        """`time_zone`: what the hours of a consent are told in."""
        self._database = database
        self._model = model
        self._clock = clock
        self._time_zone = time_zone

    async def create(
        self, claims: AccessClaims, address: str, draft: consent_pb2.Consent, creation: Creation = ONLY
    ) -> Consent:
        """The consent, in force from now on.

        Raises InvalidArgumentError naming the field, PermissionDeniedError unless the caller is the owner or
        records a signed paper as an admin of the region, FailedPreconditionError for another camera.
        """
        now_ms = self._clock.now_ms()
        uid = check_id(draft.camera_uid, "camera_uid")
        actions = check_actions(draft.actions)
        hours = check_hours(draft.hours_from, draft.hours_to)
        end_ms = check_end(draft.end_time if draft.HasField("end_time") else None, now_ms, LONGEST_CONSENT_MS)
        paper = check_text(draft.paper_reference, "paper_reference", max_length=MAX_REFERENCE)
        footage_from_ms = (
            to_ms(draft.footage_from, "footage_from") if draft.HasField("footage_from") else now_ms
        )
        if footage_from_ms > end_ms:
            raise invalid("footage_from", "must not be after end_time")
        await self._model.wait_for([uid])
        async with self._database.write() as connection:
            caller = await caller_of(connection, claims, address)
            consent_id = new_id(now_ms)
            await creation.claim(connection, f"consents/{consent_id}", now_ms)
            camera = await _require_owned(connection, caller, uid, paper, now_ms)
            if camera.ownership is not Ownership.HOUSEHOLD:
                raise FailedPreconditionError(
                    "consent.not_household",
                    "only a household's camera is opened by consent",
                    field="camera_uid",
                )
            consent = Consent(
                consent_id=consent_id,
                camera_uid=uid,
                owner=camera.owner,
                audience=await _read_audience(connection, draft.audience),
                actions=actions,
                hours=hours,
                time_zone=self._time_zone,
                footage_from_ms=footage_from_ms,
                create_ms=now_ms,
                end_ms=end_ms,
                paper_reference=paper,
                created_by=caller.name,
            )
            await _refuse_self(connection, caller, consent)
            if await openings.count_of_camera(connection, uid, OpeningKind.CONSENT) >= MAX_OF_CAMERA:
                raise ResourceExhaustedError(
                    "consent.too_many", f"a camera has at most {MAX_OF_CAMERA} consents", field="camera_uid"
                )
            await consents.add(connection, consent)
            await openings.add(connection, [consent.opening()])
            await _note(connection, caller, now_ms, consent, "consent.create", f"given by {consent.owner}")
        return consent

    async def get(self, claims: AccessClaims, address: str, name: str) -> Consent:
        """Raises NotFoundError alike for none and for one that is none of the caller's business."""
        async with self._database.read() as connection:
            caller = await caller_of(connection, claims, address)
            consent = await _find(connection, name)
            mine = caller.name in (consent.owner, consent.audience.principal)
            camera = await cameras.find(connection, consent.camera_uid)
            if not mine and not (
                camera is not None
                and await administered(connection, caller.principal, [camera], self._clock.now_ms())
            ):
                raise not_found("consent")
        return consent

    async def page(
        self, claims: AccessClaims, address: str, camera_uid: str, before: str, limit: int
    ) -> list[Consent]:
        """Newest first."""
        now_ms = self._clock.now_ms()
        async with self._database.read() as connection:
            caller = await caller_of(connection, claims, address)
            theirs = await overseen(connection, caller.principal, now_ms, Role.ADMIN, Role.AUDITOR)
            where = consents.of_person(caller.name, theirs) & consents.of_camera(camera_uid)
            return await consents.page(connection, where=where, before=before, limit=limit)

    async def page_of_all(self, camera_uid: str, before: str, limit: int) -> list[Consent]:
        """Newest first, for administration."""
        async with self._database.read() as connection:
            return await consents.page(
                connection, where=consents.of_camera(camera_uid), before=before, limit=limit
            )

    async def renew(
        self, claims: AccessClaims, address: str, request: consent_pb2.RenewConsentRequest
    ) -> Consent:
        """The consent with its new end. Raises FailedPreconditionError when it is over."""
        now_ms = self._clock.now_ms()
        end_ms = check_end(
            request.end_time if request.HasField("end_time") else None, now_ms, LONGEST_CONSENT_MS
        )
        paper = check_text(request.paper_reference, "paper_reference", max_length=MAX_REFERENCE)
        async with self._database.write() as connection:
            caller = await caller_of(connection, claims, address)
            consent, _ = await self._find_active(connection, caller, request.name, paper, now_ms)
            paper = paper or consent.paper_reference
            if not await consents.change(
                connection, consent.consent_id, end_ms=end_ms, paper_reference=paper
            ):
                raise changed_meanwhile("consent")
            await openings.prolong(connection, consent.consent_id, end_ms, end_ms)
            await _note(connection, caller, now_ms, consent, "consent.renew", "renewed")
        return replace(consent, end_ms=end_ms, paper_reference=paper)

    async def withdraw(
        self, claims: AccessClaims, address: str, request: consent_pb2.WithdrawConsentRequest
    ) -> Consent:
        """End access at once. Raises AbortedError when somebody was first, FailedPreconditionError when it
        was over before.
        """
        now_ms = self._clock.now_ms()
        paper = check_text(request.paper_reference, "paper_reference", max_length=MAX_REFERENCE)
        async with self._database.write() as connection:
            caller = await caller_of(connection, claims, address)
            consent, camera = await self._find_active(connection, caller, request.name, paper, now_ms)
            withdrawn = replace(
                consent, state=ConsentState.WITHDRAWN, withdrawn_by=caller.name, withdraw_ms=now_ms
            )
            if not await consents.change(
                connection,
                consent.consent_id,
                state=str(withdrawn.state),
                withdrawn_by=withdrawn.withdrawn_by,
                withdraw_ms=now_ms,
            ):
                raise changed_meanwhile("consent")
            await openings.remove(connection, consent.consent_id)
            by_paper = f" by paper {paper}" if paper else ""
            await _note(connection, caller, now_ms, consent, "consent.withdraw", f"withdrawn{by_paper}")
            if request.erase:
                erasure = await begin_erasure(connection, consent, camera, now_ms)
                await _note(connection, caller, now_ms, consent, "consent.erase", f"asks for {erasure.name}")
                withdrawn = replace(withdrawn, erasure_id=erasure.erasure_id)
            revocations.add(connection, revocations.Kind.GRANT, consent.consent_id, now_ms)
        return withdrawn

    async def _find_active(
        self, connection: AsyncConnection, caller: Caller, name: str, paper: str, now_ms: int
    ) -> tuple[Consent, CameraFacts]:
        consent = await _find(connection, name)
        camera = await _require_owned(connection, caller, consent.camera_uid, paper, now_ms)
        if consent.owner != camera.owner:
            raise not_found("consent")
        if consent.state is not ConsentState.ACTIVE or consent.end_ms <= now_ms:
            over = consent.state if consent.state is not ConsentState.ACTIVE else ConsentState.EXPIRED
            raise FailedPreconditionError("consent.over", f"it is {over} already", field="name")
        return consent, camera


async def _find(connection: AsyncConnection, name: str) -> Consent:
    consent = await consents.find(connection, id_of(name, "consents"))
    if consent is None:
        raise not_found("consent")
    return consent


async def _require_owned(
    connection: AsyncConnection, caller: Caller, uid: str, paper: str, now_ms: int
) -> CameraFacts:
    """The camera, if it is the caller's, or they record the owner's paper. One answer to everybody else."""
    camera = await cameras.find(connection, uid)
    if camera is not None:
        if camera.owner == caller.name:
            return camera
        is_government = caller.principal.line is Line.GOVERNMENT
        if is_government and await administered(connection, caller.principal, [camera], now_ms):
            if not camera.owner:
                raise FailedPreconditionError(
                    "consent.no_owner", "the camera has no owner who could consent", field="camera_uid"
                )
            if not paper:
                raise InvalidArgumentError(
                    "consent.paper_required",
                    "paper_reference is required: only the owner consents without one",
                    field="paper_reference",
                )
            return camera
    raise PermissionDeniedError(
        "consent.not_owner",
        "only the owner of a household's camera opens it, or an admin of its region with their signed paper",
        field="camera_uid",
    )


async def _read_audience(connection: AsyncConnection, message: consent_pb2.Audience) -> Audience:
    given = [name for name in ("principal", "organisation", "line") if getattr(message, name)]
    if len(given) != 1:
        raise invalid("audience", "must name one of principal, organisation, or line with a region")
    if message.region and given != ["line"]:
        raise invalid("audience.region", "belongs to a line")
    match given[0]:
        case "principal":
            principal = await load_named(connection, message.principal, "audience.principal")
            _refuse_carrier(principal.line, "audience.principal")
            return Audience(principal=principal.name)
        case "organisation":
            organisation = check_text(message.organisation, "audience.organisation", max_length=200)
            return Audience(organisation=organisation)
    try:
        line = Line(message.line)
    except ValueError as error:
        raise invalid("audience.line", f"must be one of {', '.join(Line)}") from error
    _refuse_carrier(line, "audience.line")
    code = check_code(region_code(message.region, "audience.region"), "audience.region")
    if await regions.find(connection, code) is None:
        raise invalid("audience.region", "must be a region that exists")
    return Audience(line=str(line), region=code)


def _refuse_carrier(line: Line, field: str) -> None:
    if line is Line.CARRIER:
        raise invalid(field, "must not be a carrier: repair grants alone open pictures to them")


async def _refuse_self(connection: AsyncConnection, caller: Caller, consent: Consent) -> None:
    """Nobody opens a camera to themselves, nor records that somebody opened it to them."""
    named = is_named(consent.opening(), caller.principal)
    if named and consent.audience.line:
        named = consent.audience.region in await regions.chain(connection, caller.principal.scope)
    if named and not (consent.owner == caller.name and not consent.audience.principal):
        raise InvalidArgumentError(
            "consent.self_grant", "audience must not be the one who asks", field="audience"
        )


async def _note(
    connection: AsyncConnection, caller: Caller, now_ms: int, consent: Consent, action: str, done: str
) -> None:
    await record_change(
        connection,
        caller.actor,
        action,
        f"{consent.name} {done}",
        now_ms,
        camera_uids=[consent.camera_uid],
        purpose=consent.paper_reference,
    )
