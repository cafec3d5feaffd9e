"""How services prove to each other that they belong to the cluster.

Each signs its own short-lived token with a key derived from the cluster's secret, so that recording goes on
while auth is away.
"""

from joserfc.jwk import OctKey

from snowlight.access import jwt
from snowlight.access.cluster_key import ClusterKey
from snowlight.clock import Clock
from snowlight.errors import ExpiredError, UnauthenticatedError

LIFETIME_S = 300
RENEW_BEFORE_S = 60
_TYP = "service+jwt"
_ALGORITHM = "HS256"


class ServiceTokens:
    """Issues this process's tokens and verifies its peers'."""

    def __init__(self, key: ClusterKey, service: str, clock: Clock) -> None:
        self._key = OctKey.import_key(key.derive("service-token"))
        self._service = service
        self._clock = clock
        self._token = ""
        self._renew_at_ms = 0

    def current(self) -> str:
        """A token with at least a minute to live."""
        now_ms = self._clock.now_ms()
        if now_ms >= self._renew_at_ms:
            issued = now_ms // 1000
            claims = {
                "iss": jwt.SERVICE_ISSUER,
                "sub": f"services/{self._service}",
                "iat": issued,
                "exp": issued + LIFETIME_S,
            }
            self._token = jwt.encode(claims, self._key, algorithm=_ALGORITHM, typ=_TYP)
            self._renew_at_ms = now_ms + (LIFETIME_S - RENEW_BEFORE_S) * 1000
        return self._token

    def verify(self, token: str) -> str:
        """The caller, as `services/{name}`. Raises UnauthenticatedError."""
        claims = jwt.decode(token, self._key, algorithm=_ALGORITHM, typ=_TYP, issuer=jwt.SERVICE_ISSUER)
        try:
            jwt.check_times(claims, self._clock.now_ms(), code="auth.token_expired")
        except ExpiredError as error:
            raise UnauthenticatedError(error.code, error.detail) from error
        return str(claims["sub"])
