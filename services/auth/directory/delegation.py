"""Who may give rights, and how far: at most what they hold, and never their own."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.changes import record_change
from services.auth.decision import Action
from services.auth.facts import Facts
from services.auth.model import ADMINISTRATOR, Actor, Jurisdiction, Line, Principal, Role
from services.auth.repository import cameras, jurisdictions
from services.auth.rights import Rights, actor_of, load_caller
from services.auth.validation import check_address, invalid
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.errors import PermissionDeniedError, UnauthenticatedError
from snowlight.rpc.caller import calling_service

_GIVEN_BY_ADMIN = frozenset({Role.VIEWER, Role.OPERATOR, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Giver:
    """Who changes rights. `principal` is None for the administrator's tool, which may give any."""

    principal: Principal | None
    actor: Actor


class Delegation:
    """Checks a change of rights against those of who makes it, and puts it on record."""

    def __init__(self, rights: Rights, verifier: TokenVerifier, clock: Clock) -> None:
        self._rights = rights
        self._verifier = verifier
        self._clock = clock

    async def giver(self, connection: AsyncConnection, on_behalf_of: auth_pb2.OnBehalfOf) -> Giver:
        """Who asks. Raises UnauthenticatedError for a token that does not verify."""
        address = check_address(on_behalf_of.remote_address)
        if not on_behalf_of.access_token:
            if calling_service() != ADMINISTRATOR:
                raise UnauthenticatedError("auth.person_missing", "the person's access token is required")
            return Giver(None, Actor(ADMINISTRATOR, remote_address=address))
        caller = await self._verifier.access_token(on_behalf_of.access_token)
        principal = await load_caller(connection, caller)
        return Giver(principal, actor_of(principal, caller, address))

    async def reach(self, connection: AsyncConnection, giver: Giver) -> list[str] | None:
        """Codes of the regions in and below which the giver manages rights; None: everywhere.

        Raises PermissionDeniedError when they manage none.
        """
        if giver.principal is None:
            return None
        roots = [giver.principal.scope]
        if giver.principal.jurisdiction:
            own = await jurisdictions.find(connection, giver.principal.jurisdiction)
            roots = sorted(own.regions) if own is not None else []
        facts = await self._facts(connection, giver, codes=roots)
        for root in roots:
            self._require_manage(facts, giver.principal, root)
        if not roots:
            raise PermissionDeniedError("auth.outside_scope", "this account manages nobody")
        return roots

    async def require_region(self, connection: AsyncConnection, giver: Giver, code: str, field: str) -> None:
        """Raises InvalidArgumentError(field) for a region that is not, PermissionDeniedError for one in which
        the giver may not give rights.
        """
        self._require_in(await self._facts(connection, giver, codes=[code]), giver, code, field)

    async def require_principal(
        self, connection: AsyncConnection, giver: Giver, wanted: Principal, before: Principal | None = None
    ) -> None:
        """Raises unless `giver` may make `wanted` of `before`: both in reach, in their own line, with no role
        that they lack. A government's admin may also enrol residents; a carrier's only their organisation.
        """
        own = giver.principal
        if own is not None and wanted.name == own.name:
            raise PermissionDeniedError("auth.own_rights", "nobody changes their own rights")
        if before is None or before.scope_name != wanted.scope_name:
            await self._require_scope(connection, giver, wanted)
        if before is not None:
            await self.require_region(connection, giver, before.scope, "scope")
        if own is None:
            return
        for side in (wanted, before or wanted):
            if not (side.line is own.line or (own.line is Line.GOVERNMENT and side.line is Line.RESIDENT)):
                raise _beyond("line", f"must be {own.line}, as your own")
            if own.line is Line.CARRIER and side.organisation != own.organisation:
                raise _beyond("organisation", "must be your own")
            lacking = side.roles - (_GIVEN_BY_ADMIN if Role.ADMIN in own.roles else frozenset()) - own.roles
            if lacking:
                raise _beyond("roles", f"must not hold {', '.join(sorted(lacking))}, which you lack yourself")
        # Consents name organisations: whoever could give any out could open households with it.
        if wanted.organisation not in ("", own.organisation, before.organisation if before else ""):
            raise _beyond("organisation", "must be your own")

    async def require_whole(self, connection: AsyncConnection, giver: Giver, principal: Principal) -> None:
        """Raises PermissionDeniedError unless `giver` may do all that `principal` may: what they could make
        them, what they are a member of besides, and what is their own.
        """
        await self.require_principal(connection, giver, principal)
        if giver.principal is None:
            return
        now_ms = self._clock.now_ms()
        shared = await jurisdictions.shared_with(connection, [principal.name], now_ms)
        held = await jurisdictions.lasting(connection, shared.get(principal.name, ()), now_ms)
        for each in held.values():
            await self.require_jurisdiction(connection, giver, each)
        if await cameras.owned_by(connection, principal.name):
            raise _beyond("name", "must not be the owner of a camera, which only they may watch")

    async def require_jurisdiction(
        self, connection: AsyncConnection, giver: Giver, wanted: Jurisdiction
    ) -> None:
        """Raises unless all that the jurisdiction holds is in the giver's reach. Its members may be anybody's
        people, that is what a share is for, but not the giver.
        """
        codes = sorted(wanted.regions)
        facts = await self._facts(connection, giver, wanted.cameras, codes=[wanted.region, *codes])
        self._require_in(facts, giver, wanted.region, "region")
        for code in codes:
            self._require_in(facts, giver, code, "regions")
        if giver.principal is None:
            return
        if giver.principal.line is Line.CARRIER and wanted.regions:
            raise _beyond("regions", "must be empty: a carrier shares cameras that it operates")
        if giver.principal.name in wanted.members:
            raise PermissionDeniedError("auth.own_rights", "nobody changes their own rights", field="members")
        for uid in sorted(wanted.cameras):
            decision = self._rights.on_camera(facts, giver.principal, uid, Action.PRINCIPAL_MANAGE)
            if not decision.allowed:
                raise PermissionDeniedError(decision.reason, decision.sentence, field="camera_uids")

    async def require_jurisdiction_of(
        self, connection: AsyncConnection, giver: Giver, before: Jurisdiction
    ) -> None:
        """Raises PermissionDeniedError unless the giver may change or end it: it belongs to a region in their
        reach, their line made it, and it is not their own scope.
        """
        await self.require_region(connection, giver, before.region, "region")
        own = giver.principal
        if own is None:
            return
        if before.line != str(own.line):
            raise _beyond("name", "must be a jurisdiction that your own line made")
        if own.jurisdiction == before.jurisdiction_id or own.name in before.members:
            raise PermissionDeniedError("auth.own_rights", "nobody changes their own rights", field="name")

    async def record(self, connection: AsyncConnection, giver: Giver, detail: str, *, region: str) -> None:
        """Put a change of rights on record, in the transaction that makes it. `region`: whose it is about."""
        await record_change(
            connection, giver.actor, Action.PRINCIPAL_MANAGE, detail, self._clock.now_ms(), region=region
        )

    async def _require_scope(self, connection: AsyncConnection, giver: Giver, principal: Principal) -> None:
        await self.require_region(connection, giver, principal.scope, "scope")
        if not principal.jurisdiction:
            return
        held = await jurisdictions.find(connection, principal.jurisdiction)
        if held is None:
            raise invalid("scope", "must be a jurisdiction that exists")
        await self.require_jurisdiction(connection, giver, held)

    async def _facts(
        self,
        connection: AsyncConnection,
        giver: Giver,
        camera_uids: Collection[str] = (),
        *,
        codes: Collection[str],
    ) -> Facts:
        names = [] if giver.principal is None else [giver.principal.name]
        return await self._rights.facts(connection, names, camera_uids, codes=codes)

    def _require_in(self, facts: Facts, giver: Giver, code: str, field: str) -> None:
        if giver.principal is not None:
            self._require_manage(facts, giver.principal, code)
        if code not in facts.chains:
            raise invalid(field, "must be a region that exists")

    def _require_manage(self, facts: Facts, principal: Principal, code: str) -> None:
        decision = self._rights.on_region(facts, principal, code, Action.PRINCIPAL_MANAGE)
        if not decision.allowed:
            raise PermissionDeniedError(decision.reason, decision.sentence)


def _beyond(field: str, problem: str) -> PermissionDeniedError:
    return PermissionDeniedError("auth.beyond_own_rights", f"{field} {problem}", field=field)
