"""Basic and Digest access authentication (RFC 2617) as cameras do it, in RTSP and in HTTP."""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from enum import StrEnum

_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')


class Scheme(StrEnum):
    """DIGEST is RFC 2069's form without qop, as most cameras have it; DIGEST_QOP offers qop="auth"."""

    BASIC = "basic"
    DIGEST = "digest"
    DIGEST_QOP = "digest-qop"


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str
    password: str = field(repr=False)
    scheme: Scheme = Scheme.DIGEST


class Authenticator:
    """Checks the requests of one connection, which has a nonce of its own."""

    def __init__(self, credentials: Credentials, realm: str) -> None:
        self._credentials = credentials
        self._realm = realm
        self._nonce = secrets.token_hex(16)

    def challenge(self) -> str:
        """Value of WWW-Authenticate."""
        match self._credentials.scheme:
            case Scheme.BASIC:
                return f'Basic realm="{self._realm}"'
            case Scheme.DIGEST:
                return f'Digest realm="{self._realm}", nonce="{self._nonce}"'
            case Scheme.DIGEST_QOP:
                return f'Digest realm="{self._realm}", nonce="{self._nonce}", qop="auth", algorithm=MD5'

    def admits(self, method: str, authorization: str) -> bool:
        """A request of this method and with this field, "" for none."""
        scheme, _, value = authorization.partition(" ")
        if self._credentials.scheme is Scheme.BASIC:
            return scheme.lower() == "basic" and self._basic(value)
        return scheme.lower() == "digest" and self._digest(method, value)

    def _basic(self, value: str) -> bool:
        expected = base64.b64encode(f"{self._credentials.username}:{self._credentials.password}".encode())
        return hmac.compare_digest(value.strip().encode(), expected)

    def _digest(self, method: str, value: str) -> bool:
        """RFC 2617, 3.2.2.1; with qop="auth" offered, the form without it is refused."""
        given = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(value)}
        identity = self._credentials.username, self._realm, self._nonce
        if tuple(given.get(name) for name in ("username", "realm", "nonce")) != identity:
            return False
        secret = _md5(self._credentials.username, self._realm, self._credentials.password)
        action = _md5(method, given.get("uri", ""))
        if self._credentials.scheme is Scheme.DIGEST_QOP:
            if given.get("qop") != "auth":
                return False
            expected = _md5(secret, self._nonce, given.get("nc", ""), given.get("cnonce", ""), "auth", action)
        else:
            expected = _md5(secret, self._nonce, action)
        return hmac.compare_digest(given.get("response", "").encode(), expected.encode())


def _md5(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()
