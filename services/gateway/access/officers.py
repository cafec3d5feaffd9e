"""Who calls: a client by its certificate, and the officer it names, as auth knows them."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from services.gateway.access.certificate import ClientCertificate
from services.gateway.access.statement import Statement, read_statement
from services.gateway.peers import AUTH, CALL_TIMEOUT_S, Peers
from services.gateway.people.sight import Person
from snowlight.access.token import AccessClaims, TokenVerifier
from snowlight.api.auth.v1 import auth_pb2
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError, PermissionDeniedError, UnauthenticatedError
from snowlight.rpc.status import remote_errors

_KEPT = 10_000
_SPARE_S = 30
"""A token is not begun with when it ends within this."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Whoever calls."""

    person: Person
    """The client's principal, with a token that names the officer."""
    claims: AccessClaims
    certificate: ClientCertificate

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


@dataclass(frozen=True, slots=True)
class _Session:
    token: str
    end_ms: int


class Officers:
    """Gets tokens from auth in the name of who calls, and keeps them while they are good."""

    def __init__(self, peers: Peers, verifier: TokenVerifier, clock: Clock) -> None:
        self._peers = peers
        self._verifier = verifier
        self._clock = clock
        self._sessions: OrderedDict[tuple[str, str], _Session] = OrderedDict()
        """By certificate and statement ("": the client names nobody)."""

    async def named(
        self, certificate: ClientCertificate, token: str, statement: str, address: str
    ) -> Officer:
        """Whoever calls, by a token of `/v1/token`, a statement of their own, or the certificate alone.

        Raises UnauthenticatedError for a certificate that auth knows no client of, or no more, for a token
        that is another client's, and for a statement that cannot be believed.
        """
        if token and statement:
            raise InvalidArgumentError(
                "access.officer_twice", "a call has a token or a statement, not both", field="authorization"
            )
        self.require_valid(certificate)
        if not token:
            return await self._by_certificate(certificate, statement, address)
        client = await self._by_certificate(certificate, "", address)
        claims = await self._verifier.access_token(token)
        if claims.client_id != client.claims.client_id:
            raise UnauthenticatedError(
                "access.token_of_another", "the token was not issued to the client of this certificate"
            )
        return _officer(certificate, token, claims, address)

    async def still(self, officer: Officer) -> None:
        """Raises UnauthenticatedError once the officer's session was ended, or has."""
        self.require_valid(officer.certificate)
        await self._verifier.access_token(officer.person.access_token)

    def require_valid(self, certificate: ClientCertificate) -> None:
        """Raises UnauthenticatedError("access.certificate_expired")."""
        if certificate.end_ms <= self._clock.now_ms():
            raise UnauthenticatedError("access.certificate_expired", "the client certificate has expired")

    async def _by_certificate(self, certificate: ClientCertificate, statement: str, address: str) -> Officer:
        now_ms = self._clock.now_ms()
        key = certificate.fingerprint, hashlib.sha256(statement.encode()).hexdigest() if statement else ""
        session = self._sessions.get(key)
        if session is not None and now_ms < session.end_ms:
            try:
                claims = await self._verifier.access_token(session.token)
            except UnauthenticatedError:
                del self._sessions[key]  # ended by somebody: auth says whether another may begin
            else:
                self._sessions.move_to_end(key)
                return _officer(certificate, session.token, claims, address)
        said = read_statement(statement, certificate, now_ms) if statement else None
        issued = await self._sign_in(certificate, said, address)
        end_ms = now_ms + max(0, issued.expires_in - _SPARE_S) * 1000
        self._sessions[key] = _Session(issued.access_token, min(end_ms, said.end_ms if said else end_ms))
        if len(self._sessions) > _KEPT:
            self._sessions.popitem(last=False)
        claims = await self._verifier.access_token(issued.access_token)
        return _officer(certificate, issued.access_token, claims, address)

    async def _sign_in(
        self, certificate: ClientCertificate, said: Statement | None, address: str
    ) -> auth_pb2.IssueTokenResponse:
        request = auth_pb2.IssueTokenRequest(
            grant_type="client_credentials",
            client=auth_pb2.ClientCredentials(certificate=certificate.der),
            remote_address=address,
            acting_person=said.officer if said else "",
            acting_unit=said.unit if said else "",
            acting_reason=said.incident if said else "",
        )
        with remote_errors(AUTH):
            return await self._peers.tokens.IssueToken(request, timeout=CALL_TIMEOUT_S)


def _officer(certificate: ClientCertificate, token: str, claims: AccessClaims, address: str) -> Officer:
    return Officer(Person(claims.principal, token, address, claims.client_id), claims, certificate)
