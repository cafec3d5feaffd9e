"""What somebody may do about their own sign-ins."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.changes import record_change
from services.auth.model import Principal
from services.auth.repository import refresh_tokens
from services.auth.repository.refresh_tokens import Session, Way
from services.auth.rights import actor_of, load_principal
from services.auth.validation import check_id
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import NotFoundError, PermissionDeniedError, UnauthenticatedError

MAX_LISTED = 200
_WAYS_OF_PEOPLE = frozenset({Way.PASSWORD, Way.OIDC})


class Account:
    """Lists and ends a person's own sessions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def sessions(self, caller: AccessClaims) -> list[Session]:
        """The caller's running sessions, newest first, at most 200."""
        now_ms = self._clock.now_ms()
        async with self._database.read() as connection:
            principal = await require_person(connection, caller, now_ms)
            return await refresh_tokens.list_running(
                connection, principal.principal_id, now_ms, limit=MAX_LISTED
            )

    async def end_session(self, caller: AccessClaims, name: str, remote_address: str) -> None:
        """End one of the caller's own sessions, "sessions/{id}". Raises NotFoundError for any other."""
        session_id = check_id(name.removeprefix("sessions/"), "name")
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            principal = await require_person(connection, caller, now_ms)
            session = await refresh_tokens.find_session(connection, session_id)
            if session is None or session.principal_id != principal.principal_id or session.is_over(now_ms):
                raise NotFoundError("session.unknown", "there is no such session", field="name")
            await refresh_tokens.revoke_family(connection, session_id, now_ms)
            actor = actor_of(principal, caller, remote_address)
            await record_change(
                connection, actor, "session.end", f"sessions/{session_id} ended by its owner", now_ms
            )


async def require_person(connection: AsyncConnection, caller: AccessClaims, now_ms: int) -> Principal:
    """The person who signed in themselves, in a session that still runs.

    Raises UnauthenticatedError when it is over, PermissionDeniedError for systems and set-top boxes: what
    somebody lets in must not let in more.
    """
    principal = await load_principal(connection, caller.principal)
    session = await refresh_tokens.find_session(connection, caller.session_id)
    if session is None or session.is_over(now_ms) or principal.disabled:
        raise UnauthenticatedError("auth.session_over", "the session is over: sign in again")
    if session.way not in _WAYS_OF_PEOPLE:
        raise PermissionDeniedError("auth.person_required", "only who signed in themselves may do this")
    return principal
