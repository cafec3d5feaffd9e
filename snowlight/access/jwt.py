"""JSON Web Tokens (RFC 7519), read strictly: one algorithm, one type, one audience, an expiry, an issuer."""

import base64
import json
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, OKPKey

from snowlight.errors import ExpiredError, UnauthenticatedError

AUTH_ISSUER = "urn:snowlight:auth"
SERVICE_ISSUER = "urn:snowlight:service"
SIGNATURE = "Ed25519"  # RFC 9864
MAX_LENGTH = 4096
SKEW_S = 5
"""How far ahead the clock of who signed may be: services are not ready while theirs is over a second off."""
REFUSALS = (JoseError, ValueError, TypeError, KeyError, RecursionError)
"""What reading a header or claims of a stranger's making may raise."""


def encode(claims: dict[str, Any], key: OKPKey | OctKey, *, algorithm: str, typ: str) -> str:
    """Sign `claims` as a compact JWT. The header names the key when it has an id."""
    header = {"alg": algorithm, "typ": typ}
    if key.kid:
        header["kid"] = key.kid
    payload = json.dumps(claims, ensure_ascii=False, separators=(",", ":")).encode()
    return jws.serialize_compact(header, payload, key, algorithms=[algorithm])


def decode(
    token: str, keys: KeySet | OctKey, *, algorithm: str, typ: str, issuer: str, audience: str | None = None
) -> dict[str, Any]:
    """The claims of a token whose signature, type, issuer and audience are right. Times are the caller's to
    check: when they begin once (`check_begin`), and when they end at each use (`check_times`), since
    verified claims may be cached.

    Raises UnauthenticatedError("auth.token_invalid").
    """
    read_header(token)
    try:
        parsed = jws.deserialize_compact(token.encode("ascii"), keys, algorithms=[algorithm])
        claims = parse_json(parsed.payload or b"")
    except REFUSALS as error:
        raise UnauthenticatedError("auth.token_invalid", "the token does not verify") from error
    if not isinstance(claims, dict) or parsed.headers().get("typ") != typ or claims.get("iss") != issuer:
        raise UnauthenticatedError("auth.token_invalid", "the token is of another kind")
    if claims.get("aud") != audience:
        raise UnauthenticatedError("auth.token_invalid", "the token is for another service")
    if not isinstance(claims.get("exp"), int) or not isinstance(claims.get("sub"), str):
        raise UnauthenticatedError("auth.token_invalid", "the token lacks exp or sub")
    if not isinstance(claims.get("nbf", 0), int):
        raise UnauthenticatedError("auth.token_invalid", "the token's nbf is no instant")
    return claims


def read_header(token: str) -> dict[str, Any]:
    """The header, unverified: it only says which key to verify with.

    Raises UnauthenticatedError("auth.token_invalid"), also for a token that is too long to look at.
    """
    if len(token) > MAX_LENGTH:
        raise UnauthenticatedError("auth.token_invalid", "the token is too long")
    try:
        header = parse_header(token)
    except REFUSALS as error:
        raise UnauthenticatedError("auth.token_invalid", "this is not a token") from error
    # RFC 7515, 4.1.11: what must be understood and is not makes a token invalid. Nothing else is needed.
    if "." not in token or not isinstance(header, dict) or header.keys() - {"alg", "typ", "kid"}:
        raise UnauthenticatedError("auth.token_invalid", "this is not a token")
    return header


def parse_header(token: str) -> Any:
    """The header as it stands there, whatever it is. Raises one of REFUSALS."""
    encoded = token.partition(".")[0]
    return parse_json(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))


def parse_json(data: bytes) -> Any:
    """JSON in which no member comes twice: two readers would take different ones. Raises one of REFUSALS."""
    return json.loads(data, object_pairs_hook=_no_duplicates)


def check_times(claims: dict[str, Any], now_ms: int, *, code: str) -> None:
    """Raises ExpiredError(code) once `exp` has passed."""
    if now_ms >= claims["exp"] * 1000:
        raise ExpiredError(code, "the token has expired")


def check_begin(claims: dict[str, Any], now_ms: int) -> None:
    """Raises UnauthenticatedError("auth.token_invalid") before `nbf`. Once is enough: it stays past."""
    if now_ms < (claims.get("nbf", 0) - SKEW_S) * 1000:
        raise UnauthenticatedError("auth.token_invalid", "the token is not valid yet")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    claims = dict(pairs)
    if len(claims) != len(pairs):
        raise ValueError("duplicate claim")
    return claims
