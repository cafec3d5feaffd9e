"""Who calls: a client by its certificate, and the officer it names, as auth knows them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakValueDictionary

import structlog

from services.gateway.access.certificate import ClientCertificate
from services.gateway.access.statement import Acting, invalid_statement, read_statement
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.sight import Person
from snowlight.access.revocations import Revocations
from snowlight.access.token import AccessClaims, TokenVerifier
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.errors import (
    DeadlineExceededError,
    InvalidArgumentError,
    PermissionDeniedError,
    SnowlightError,
    UnauthenticatedError,
    UnavailableError,
)
from snowlight.rpc.status import remote_errors

_KEPT = 10_000
_SPARE_MS = 30_000
"""A token is not begun with when it ends within this."""
_REFUSAL_KEPT_S = 1.0
_SYNC_WAIT_S = 5.0
_CLAIMS = {"acting_person": "sub", "acting_unit": "unit", "acting_reason": "incident"}
"""What a statement calls that of which auth may say that it is too long."""
_NOBODY = Acting("", "", "")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Session:
    """A token of auth's, and what it says."""

    token: str
    claims: AccessClaims
    renew_ms: int
    """From then on another one is got."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client that its certificate has proved."""

    certificate: ClientCertificate
    address: str
    session: Session
    """In which it names nobody."""

    @property
    def client_id(self) -> str:
        """Whose limits count."""
        return self.session.claims.client_id


@dataclass(frozen=True, slots=True)
class Officer:
    """Whoever calls."""

    person: Person
    """The client's principal, with a token that names the officer."""
    claims: AccessClaims
    certificate: ClientCertificate
    rests_on: tuple[AccessClaims, ...]
    """Sessions that end the officer's calls where they are ended."""
    renew_ms: int
    """From then on the token wants to be renewed (`Officers.renewed`)."""

    @property
    def incident(self) -> str:
        """What the call is for; "" when it names nobody."""
        return self.claims.acting_reason

    def require_named(self) -> None:
        """Raises PermissionDeniedError("access.officer_missing") unless an officer, unit and incident are
        named."""
        if not self.claims.names_person:
            raise PermissionDeniedError(
                "access.officer_missing", "this call must name the officer, their unit and the incident"
            )


_Key = tuple[str, Acting]
"""A certificate's fingerprint, and for whom it acts."""


class Officers:
    """Gets tokens from auth in the name of who calls, and keeps them while they are good."""

    def __init__(self, peers: Peers, verifier: TokenVerifier, revocations: Revocations, clock: Clock) -> None:
        self._peers = peers
        self._verifier = verifier
        self._revocations = revocations
        self._clock = clock
        self._sessions: OrderedDict[_Key, Session] = OrderedDict()
        self._refusals: OrderedDict[_Key, tuple[float, SnowlightError]] = OrderedDict()
        """Until when each is told again without asking."""
        self._asking: WeakValueDictionary[_Key, asyncio.Lock] = WeakValueDictionary()

    async def client(self, certificate: ClientCertificate, address: str) -> Client:
        """Raises UnauthenticatedError for a certificate that auth knows no client of, or no more, and
        UnavailableError("access.feed_lost") while it is not known what was revoked."""
        _require_unexpired(certificate, self._clock.now_ms())
        await self._revocations.known(timeout_s=_SYNC_WAIT_S)
        if self._clock.monotonic() >= self._revocations.stale_at:
            raise feed_lost()
        return Client(certificate, address, await self._session(certificate, _NOBODY, address))

    async def named(self, client: Client, token: str, statement: str) -> Officer:
        """Whom the client calls for, by a token of `/v1/token`, by a statement of its own, or nobody.

        Raises UnauthenticatedError for a token that is another client's, and for a statement that cannot be
        believed.
        """
        if token and statement:
            raise InvalidArgumentError(
                "access.officer_twice", "a call has a token or a statement, not both", field="authorization"
            )
        if token:
            return _officer(client, await self._shown(client, token))
        if not statement:
            return _officer(client, client.session)
        acting = read_statement(statement, client.certificate, self._clock.now_ms())
        try:
            return _officer(client, await self._session(client.certificate, acting, client.address))
        except InvalidArgumentError as error:
            claim = _CLAIMS.get(error.field, error.field)
            raise invalid_statement(
                error.detail.replace(error.field, f"has a claim {claim} that", 1)
            ) from error

    async def renewed(self, officer: Officer) -> Officer:
        """The same officer with a token that is good for long, in a session of their own where they came by a
        token or a statement that has ended since. Raises as `client`."""
        address, claims = officer.person.address, officer.claims
        client = await self.client(officer.certificate, address)
        if client.client_id != claims.client_id:
            raise _of_another()
        acting = Acting(claims.acting_person, claims.acting_unit, claims.acting_reason)
        return _officer(client, await self._session(officer.certificate, acting, address))

    def require_running(self, officer: Officer) -> None:
        """Raises UnauthenticatedError once a session that the officer's calls rest on was ended, or their
        certificate has; UnavailableError("access.feed_lost") when that has not been known for long."""
        _require_unexpired(officer.certificate, self._clock.now_ms())
        if self._clock.monotonic() >= self._revocations.lost_at:
            raise feed_lost()
        if any(self._revocations.refuses(claims) for claims in officer.rests_on):
            raise UnauthenticatedError("auth.session_revoked", "the session was ended: sign in again")

    async def _shown(self, client: Client, token: str) -> Session:
        claims = await self._verifier.access_token(token)
        if claims.client_id != client.client_id:
            raise _of_another()
        end_s: int = (await self._verifier.access_claims(token))["exp"]
        return Session(token, claims, end_s * 1000 - _SPARE_MS)

    async def _session(self, certificate: ClientCertificate, acting: Acting, address: str) -> Session:
        key = certificate.fingerprint, acting
        session = await self._kept(key)
        if session is not None and self._clock.now_ms() < session.renew_ms:
            return session
        async with self._asking.setdefault(key, asyncio.Lock()):  # whoever waited has its answer
            session = await self._kept(key)
            if session is not None and self._clock.now_ms() < session.renew_ms:
                return session
            self._raise_refusal(key)
            try:
                return await self._begin(key, certificate, address)
            except (UnavailableError, DeadlineExceededError) as error:
                self._refuse(key, error)
                if session is None:
                    raise
                return session  # it is good for some seconds yet
            except SnowlightError as error:
                log.warning("access.refused", certificate=certificate.fingerprint, error=error.code)
                self._refuse(key, error)
                raise

    async def _kept(self, key: _Key) -> Session | None:
        session = self._sessions.get(key)
        if session is None:
            return None
        try:
            await self._verifier.access_token(session.token)
        except UnauthenticatedError:
            self._sessions.pop(key, None)  # ended by somebody: auth says whether another may begin
            return None
        return session

    async def _begin(self, key: _Key, certificate: ClientCertificate, address: str) -> Session:
        acting = key[1]
        request = auth_pb2.IssueTokenRequest(
            grant_type="client_credentials",
            client=auth_pb2.ClientCredentials(certificate=certificate.der),
            remote_address=address,
            acting_person=acting.officer,
            acting_unit=acting.unit,
            acting_reason=acting.incident,
        )
        begun_ms = self._clock.now_ms()
        with remote_errors(AUTH):
            issued = await self._peers.tokens.IssueToken(request, timeout=CALL_TIMEOUT_S)
        claims = await self._verifier.access_token(issued.access_token)
        session = Session(issued.access_token, claims, begun_ms + issued.expires_in * 1000 - _SPARE_MS)
        self._sessions[key] = session
        self._sessions.move_to_end(key)
        if len(self._sessions) > _KEPT:
            self._sessions.popitem(last=False)
        return session

    def _refuse(self, key: _Key, error: SnowlightError) -> None:
        self._refusals[key] = self._clock.monotonic() + _REFUSAL_KEPT_S, error
        self._refusals.move_to_end(key)
        if len(self._refusals) > _KEPT:
            self._refusals.popitem(last=False)

    def _raise_refusal(self, key: _Key) -> None:
        """However often a client is refused, auth is asked once a second."""
        until, error = self._refusals.get(key, (0.0, None))
        if error is not None and self._clock.monotonic() < until:
            raise error.with_traceback(None)
        self._refusals.pop(key, None)


def _officer(client: Client, session: Session) -> Officer:
    claims = session.claims
    return Officer(
        Person(claims.principal, session.token, client.address, claims.client_id),
        claims,
        client.certificate,
        (client.session.claims, claims),
        min(client.session.renew_ms, session.renew_ms),
    )


def _require_unexpired(certificate: ClientCertificate, now_ms: int) -> None:
    if certificate.end_ms <= now_ms:
        raise UnauthenticatedError("access.certificate_expired", "the client certificate has expired")


def feed_lost() -> UnavailableError:
    """Nobody is let in, for auth has not been heard of."""
    return UnavailableError("access.feed_lost", "it is not known any more what was revoked")


def _of_another() -> UnauthenticatedError:
    return UnauthenticatedError(
        "access.token_of_another", "the token was not issued to the client of this certificate"
    )
