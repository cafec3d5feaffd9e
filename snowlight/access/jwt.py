"""JSON Web Tokens (RFC 7519), read strictly: one algorithm, one type, an expiry, an issuer."""

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


def encode(claims: dict[str, Any], key: OKPKey | OctKey, *, algorithm: str, typ: str) -> str:
    """Sign `claims` as a compact JWT. The header names the key when it has an id."""
    header = {"alg": algorithm, "typ": typ}
    if key.kid:
        header["kid"] = key.kid
    payload = json.dumps(claims, separators=(",", ":")).encode()
    return jws.serialize_compact(header, payload, key, algorithms=[algorithm])


def decode(token: str, keys: KeySet | OctKey, *, algorithm: str, typ: str, issuer: str) -> dict[str, Any]:
    """The claims of a token whose signature, type and issuer are right. Expiry is the caller's to check at
    each use (`check_times`), since verified claims may be cached.

    Raises UnauthenticatedError("auth.token_invalid").
    """
    if len(token) > MAX_LENGTH:
        raise UnauthenticatedError("auth.token_invalid", "the token is too long")
    try:
        parsed = jws.deserialize_compact(token.encode("ascii"), keys, algorithms=[algorithm])
        claims = json.loads(parsed.payload or b"", object_pairs_hook=_no_duplicates)
    except (JoseError, ValueError, UnicodeError) as error:
        raise UnauthenticatedError("auth.token_invalid", "the token does not verify") from error
    if not isinstance(claims, dict) or parsed.headers().get("typ") != typ or claims.get("iss") != issuer:
        raise UnauthenticatedError("auth.token_invalid", "the token is of another kind")
    if not isinstance(claims.get("exp"), int) or not isinstance(claims.get("sub"), str):
        raise UnauthenticatedError("auth.token_invalid", "the token lacks exp or sub")
    return claims


def check_times(claims: dict[str, Any], now_ms: int, *, code: str) -> None:
    """Raises ExpiredError(code) once `exp` has passed."""
    if now_ms >= claims["exp"] * 1000:
        raise ExpiredError(code, "the token has expired")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    claims = dict(pairs)
    if len(claims) != len(pairs):
        raise ValueError("duplicate claim")
    return claims
