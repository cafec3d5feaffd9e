"""ID tokens, verified (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, TypeGuard

from joserfc import jws
from joserfc.jwk import KeySet

from snowlight.access.jwt import REFUSALS, parse_header, parse_json
from snowlight.errors import UnauthenticatedError

if TYPE_CHECKING:
    from services.auth.sign_in.oidc.providers_file import Provider

KEY_TYPES = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP", "Ed25519": "OKP"}
"""The algorithms that are taken, and the keys that go with them."""
MAX_LENGTH = 16 * 1024
MAX_SUBJECT = 255
SKEW_S = 60
_MIN_RSA_BITS = 2048


def _read_header(token: str) -> tuple[str, str | None]:
    """Algorithm and key id. Raises UnauthenticatedError for what is not taken."""
    if len(token) > MAX_LENGTH:
        raise refused("the ID token is too long")
    try:
        header = parse_header(token)
        algorithm, key_id = header["alg"], header.get("kid")
    except (*REFUSALS, AttributeError) as error:
        raise refused("the ID token has no header that can be read") from error
    if algorithm not in KEY_TYPES or "crit" in header or not isinstance(key_id, str | None):
        raise refused("the ID token is signed in a way that is not taken")
    return algorithm, key_id


def verify_signature(token: str, keys: KeySet) -> bytes | None:
    """What a token says; None when none of `keys` has signed it, as when the provider has others by now.

    Raises UnauthenticatedError("auth.oidc_refused") for what no key would make good.
    """
    algorithm, key_id = _read_header(token)
    try:
        key = _key(keys, algorithm, key_id)
        return jws.deserialize_compact(token.encode("ascii"), key, algorithms=[algorithm]).payload or b""
    except REFUSALS:
        return None


def check_id_token(payload: bytes, provider: Provider, nonce: str, now_s: float) -> dict[str, Any]:
    """The claims in what `provider` has signed: for us, now, and for this sign-in.

    Raises UnauthenticatedError("auth.oidc_refused").
    """
    try:
        claims = parse_json(payload)
    except REFUSALS as error:
        raise refused("the ID token cannot be read") from error
    if not isinstance(claims, dict):
        raise refused("the ID token holds no claims")
    _check_claims(claims, provider, nonce, now_s)
    return claims


def _key(keys: KeySet, algorithm: str, key_id: str | None) -> Any:
    fitting = [
        key
        for key in keys.keys
        if key.key_type == KEY_TYPES[algorithm]
        and key.get("use") in (None, "sig")
        and (key_id is None or key.kid == key_id)
    ]
    if len(fitting) != 1:
        raise ValueError("no key, or more than one")
    key = fitting[0]
    if algorithm == "RS256" and key.raw_value.key_size < _MIN_RSA_BITS:  # type: ignore[union-attr]
        raise ValueError("the key is too short")
    return key


def _check_claims(claims: dict[str, Any], provider: Provider, nonce: str, now_s: float) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    subject, expire, issued = claims.get("sub"), claims.get("exp"), claims.get("iat")
    if claims.get("iss") != provider.issuer:
        raise refused("the ID token is another issuer's")
    if provider.client_id not in audiences:
        raise refused("the ID token is for somebody else")
    if claims.get("azp", provider.client_id) != provider.client_id or (
        len(audiences) > 1 and "azp" not in claims
    ):
        raise refused("the ID token was issued to somebody else")
    if not _is_number(expire) or now_s >= expire + SKEW_S:
        raise refused("the ID token has expired")
    for begin in (issued, claims.get("nbf", 0)):
        if not _is_number(begin) or begin > now_s + SKEW_S:
            raise refused("the ID token is not valid yet")
    if not isinstance(claims.get("nonce"), str) or not hmac.compare_digest(
        claims["nonce"].encode(), nonce.encode()
    ):
        raise refused("the ID token is for another sign-in")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise refused("the ID token names nobody")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def refused(problem: str) -> UnauthenticatedError:
    """The error for a sign-in that does not hold."""
    return UnauthenticatedError("auth.oidc_refused", problem)
