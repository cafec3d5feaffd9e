"""How services prove to each other that they belong to the cluster.

Each signs its own short-lived tokens with a key derived from the cluster's secret, so that recording goes on
while auth is away. A token is for one called service (`aud`, RFC 7519) and worth nothing at another.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import OctKey

from snowlight.access import jwt
from snowlight.access.cluster_key import ClusterKey
from snowlight.clock import Clock
from snowlight.errors import ExpiredError, UnauthenticatedError

LIFETIME_S = 300
RENEW_BEFORE_S = 60
MAX_AHEAD_S = 60
"""How far the signer's clock may be ahead of the verifier's."""
CACHED_TOKENS = 1_000
"""Many more than a county has processes."""
_TYP = "service+jwt"
_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class _Token:
    encoded: str
    renew_at_ms: int


class ServiceTokens:
    """Issues the tokens that a service calls its peers with, and verifies those it is called with."""

    def __init__(self, key: ClusterKey, service: str, clock: Clock) -> None:
        self._key = OctKey.import_key(key.derive("service-token"))
        self._name = f"services/{service}"
        self._clock = clock
        self._current: dict[str, _Token] = {}
        self._verified: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def current(self, audience: str) -> str:
        """A token for the service `audience` ("auth") with at least a minute to live."""
        now_ms = self._clock.now_ms()
        token = self._current.get(audience)
        if token is None or now_ms >= token.renew_at_ms:
            token = self._current[audience] = self._issue(audience, now_ms)
        return token.encoded

    def _issue(self, audience: str, now_ms: int) -> _Token:
        issued = now_ms // 1000
        claims = {
            "iss": jwt.SERVICE_ISSUER,
            "sub": self._name,
            "aud": f"services/{audience}",
            "iat": issued,
            "exp": issued + LIFETIME_S,
        }
        encoded = jwt.encode(claims, self._key, algorithm=_ALGORITHM, typ=_TYP)
        return _Token(encoded, now_ms + (LIFETIME_S - RENEW_BEFORE_S) * 1000)

    def verify(self, token: str) -> str:
        """The caller, as `services/{name}`. Raises UnauthenticatedError, for another service's token too."""
        claims = self._verified.get(token) or self._claims(token)
        now_ms = self._clock.now_ms()
        try:
            jwt.check_times(claims, now_ms, code="auth.token_expired")
        except ExpiredError as error:
            raise UnauthenticatedError(error.code, error.detail) from error
        issued = claims.get("iat")
        if not isinstance(issued, int) or claims["exp"] - issued > LIFETIME_S:
            raise UnauthenticatedError("auth.token_invalid", f"the token lives longer than {LIFETIME_S} s")
        if issued * 1000 > now_ms + MAX_AHEAD_S * 1000:
            raise UnauthenticatedError("auth.token_invalid", "the token is not valid yet: compare the clocks")
        return str(claims["sub"])

    def _claims(self, token: str) -> dict[str, Any]:
        """A peer comes with the same token at each call of some minutes: its signature is looked at once."""
        claims = jwt.decode(
            token,
            self._key,
            algorithm=_ALGORITHM,
            typ=_TYP,
            issuer=jwt.SERVICE_ISSUER,
            audience=self._name,
        )
        self._verified[token] = claims
        if len(self._verified) > CACHED_TOKENS:
            self._verified.popitem(last=False)
        return claims
