"""Makes and changes principals, and refuses what they must not be."""

import secrets
from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.creations import ONLY, Creation
from services.auth.directory.delegation import Delegation, Giver
from services.auth.messages import to_kind, to_line, to_role
from services.auth.model import Kind, Line, Principal, Role
from services.auth.passwords import Passwords, check_password
from services.auth.principals import check_roles, check_username
from services.auth.repository import jurisdictions, principals, refresh_tokens, revocations
from services.auth.repository.revocations import Kind as Revoked
from services.auth.validation import check_text, invalid, region_code
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import AbortedError, AlreadyExistsError, NotFoundError

CHANGEABLE = ("display_name", "organisation", "roles", "scope", "disabled")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_NO_PASSWORD = "-"  # noqa: S105 - no password has this hash


class Principals:
    """Writes principals."""

    def __init__(
        self, database: Database, delegation: Delegation, passwords: Passwords, clock: Clock
    ) -> None:
        self._database = database
        self._delegation = delegation
        self._passwords = passwords
        self._clock = clock

    async def create(
        self,
        draft: auth_pb2.Principal,
        password: str,
        on_behalf_of: auth_pb2.OnBehalfOf,
        creation: Creation = ONLY,
    ) -> Principal:
        """The principal, with the id they were given. A system has no password: it signs in otherwise.

        Raises InvalidArgumentError naming the field, AlreadyExistsError when the user name is taken, and
        PermissionDeniedError for more than the giver holds.
        """
        username, line, kind = check_username(draft.username), to_line(draft.line), to_kind(draft.kind)
        principal = Principal(
            principal_id=secrets.token_hex(8),
            username=username,
            display_name=check_text(draft.display_name, "display_name", max_length=100) or username,
            organisation=check_text(draft.organisation, "organisation", max_length=200),
            line=line,
            roles=check_roles([to_role(role) for role in draft.roles], line),
            scope="",
            disabled=draft.disabled,
            create_ms=self._clock.now_ms(),
            kind=kind,
        )
        async with self._database.read() as connection:  # before a hash is made for who may not ask for it
            giver = await self._delegation.giver(connection, on_behalf_of)
            principal = await _with_scope(connection, principal, draft.scope)
            await self._delegation.require_principal(connection, giver, principal)
            made_by = giver.principal.name if giver.principal is not None else ""
            principal = replace(principal, created_by=made_by)
        password_hash = await self._hash(kind, password, username)
        async with self._database.write() as connection:
            await creation.claim(connection, principal.name, self._clock.now_ms())
            await self._delegation.require_principal(connection, giver, principal)
            added = await principals.add(connection, principal, password_hash)
            if added:
                detail = f"{principal.name} created: {_told(principal)}"
                await self._delegation.record(connection, giver, detail, region=principal.scope)
            created = await principals.find(connection, principal.name)
            if not added or created is None:
                raise AlreadyExistsError("auth.username_taken", "the user name is taken", field="username")
        return created

    async def change(
        self, draft: auth_pb2.Principal, mask: Collection[str], on_behalf_of: auth_pb2.OnBehalfOf
    ) -> Principal:
        """The principal as changed. Whatever they watch is decided anew at once.

        Raises NotFoundError, AbortedError when `etag` is given and not the newest, InvalidArgumentError, and
        PermissionDeniedError for more than the giver holds or their own rights.
        """
        for field in mask:
            if field not in CHANGEABLE:
                raise invalid("update_mask", f"must only name {', '.join(CHANGEABLE)}")
        async with self._database.write() as connection:
            giver = await self._delegation.giver(connection, on_behalf_of)
            before = await self._require(connection, giver, draft.name)
            if draft.etag and draft.etag != str(before.version):
                raise _outdated()
            wanted = await _changed(connection, before, draft, frozenset(mask) or frozenset(CHANGEABLE))
            await self._delegation.require_principal(connection, giver, wanted, before)
            if not await principals.change(connection, wanted, before.version):
                raise _outdated()
            now_ms = self._clock.now_ms()
            if wanted.disabled:
                await refresh_tokens.revoke_principal(connection, wanted.principal_id, now_ms)
            await self._delegation.record(
                connection,
                giver,
                f"{wanted.name} changed: {_told(before)} -> {_told(wanted)}",
                region=wanted.scope,
            )
            changed = await self._require(connection, giver, draft.name)
            if wanted.disabled:
                revocations.add(connection, Revoked.SIGN_INS, wanted.name, now_ms)
            revocations.add(connection, Revoked.PRINCIPAL, wanted.name, now_ms)
        return changed

    async def get(self, name: str, on_behalf_of: auth_pb2.OnBehalfOf) -> Principal:
        """Raises NotFoundError, also for one outside the asking person's reach."""
        async with self._database.read() as connection:
            giver = await self._delegation.giver(connection, on_behalf_of)
            return await self._require(connection, giver, name)

    async def page(self, after: str, limit: int, on_behalf_of: auth_pb2.OnBehalfOf) -> list[Principal]:
        """At most `limit` principals in the asking person's reach, with user names behind `after`."""
        async with self._database.read() as connection:
            giver = await self._delegation.giver(connection, on_behalf_of)
            reach = await self._delegation.reach(connection, giver)
            return await principals.page(connection, after, limit, reach, _organisation(giver))

    async def set_password(self, name: str, password: str, on_behalf_of: auth_pb2.OnBehalfOf) -> None:
        """Replace a password, and end every session that the old one began. Raises NotFoundError."""
        async with self._database.read() as connection:
            giver = await self._delegation.giver(connection, on_behalf_of)
            principal = await self._require(connection, giver, name)
            await self._delegation.require_principal(connection, giver, principal)
        if principal.kind is Kind.SYSTEM:
            raise invalid("name", "is a system, which has no password")
        check_password(password, principal.username)
        password_hash = await self._passwords.hash(password)
        async with self._database.write() as connection:
            detail = f"{name} given a new password"
            await self._replace(connection, giver, principal, password_hash, detail, must_change=False)

    async def reset_password(self, name: str, on_behalf_of: auth_pb2.OnBehalfOf) -> str:
        """A temporary password in place of theirs, which nobody is told again; their sessions end.

        Raises NotFoundError, InvalidArgumentError for one without a password, and PermissionDeniedError for
        one who may do what the giver may not: who has somebody's password has their rights.
        """
        async with self._database.read() as connection:
            giver = await self._delegation.giver(connection, on_behalf_of)
            principal = await self._require(connection, giver, name)
            await self._delegation.require_whole(connection, giver, principal)
            found = await principals.find_credentials(connection, principal.username)
        if principal.kind is Kind.SYSTEM or found is None or not found[1]:
            raise invalid("name", "signs in without a password")
        temporary = _temporary_password()
        password_hash = await self._passwords.hash(temporary)
        async with self._database.write() as connection:
            principal = await self._require(connection, giver, name)
            await self._delegation.require_whole(connection, giver, principal)
            detail = f"{name} given a temporary password"
            await self._replace(connection, giver, principal, password_hash, detail, must_change=True)
        return temporary

    async def _replace(
        self,
        connection: AsyncConnection,
        giver: Giver,
        principal: Principal,
        password_hash: str,
        detail: str,
        *,
        must_change: bool,
    ) -> None:
        now_ms = self._clock.now_ms()
        await principals.set_password_hash(
            connection, principal.principal_id, password_hash, must_change=must_change
        )
        await refresh_tokens.revoke_principal(connection, principal.principal_id, now_ms)
        await self._delegation.record(connection, giver, detail, region=principal.scope)
        revocations.add(connection, Revoked.SIGN_INS, principal.name, now_ms)

    async def _require(self, connection: AsyncConnection, giver: Giver, name: str) -> Principal:
        principal = await principals.find(connection, name)
        reach = await self._delegation.reach(connection, giver)
        within = principal is not None and await principals.lies_within(
            connection, principal.principal_id, reach, _organisation(giver)
        )
        if principal is None or not within:
            raise NotFoundError("auth.principal_unknown", "there is no such principal", field="name")
        return principal

    async def _hash(self, kind: Kind, password: str, username: str) -> str:
        if kind is Kind.SYSTEM:
            if password:
                raise invalid("password", "must be empty for a system")
            return _NO_PASSWORD
        check_password(password, username)
        return await self._passwords.hash(password)


async def _changed(
    connection: AsyncConnection, before: Principal, draft: auth_pb2.Principal, mask: frozenset[str]
) -> Principal:
    wanted = before
    if "display_name" in mask:
        text = check_text(draft.display_name, "display_name", max_length=100)
        wanted = replace(wanted, display_name=text or before.username)
    if "organisation" in mask:
        text = check_text(draft.organisation, "organisation", max_length=200)
        wanted = replace(wanted, organisation=text)
    if "roles" in mask:
        roles = check_roles([to_role(role) for role in draft.roles], before.line)
        wanted = replace(wanted, roles=roles)
    if "disabled" in mask:
        wanted = replace(wanted, disabled=draft.disabled)
    if "scope" in mask:
        wanted = await _with_scope(connection, wanted, draft.scope)
    return wanted


async def _with_scope(connection: AsyncConnection, principal: Principal, scope: str) -> Principal:
    kind, _, jurisdiction_id = scope.partition("/")
    if kind != "jurisdictions":
        return replace(principal, scope=region_code(scope, "scope"), jurisdiction="")
    found = await jurisdictions.find(connection, jurisdiction_id)
    if found is None:
        raise invalid("scope", "must be a jurisdiction that exists")
    return replace(principal, scope=found.region, jurisdiction=jurisdiction_id)


def _temporary_password() -> str:
    """79 bits in four groups, without letters that are taken for each other on paper."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def _organisation(giver: Giver) -> str | None:
    """A carrier's admin sees only their organisation's people."""
    own = giver.principal
    return own.organisation if own is not None and own.line is Line.CARRIER else None


def _told(principal: Principal) -> str:
    roles = ",".join(role for role in Role if role in principal.roles)
    state = " disabled" if principal.disabled else ""
    organisation = f" {principal.organisation}" if principal.organisation else ""
    return f"{principal.line} {roles} {principal.scope_name}{organisation}{state}"


def _outdated() -> AbortedError:
    return AbortedError("auth.principal_changed", "somebody has changed it meanwhile", field="etag")
