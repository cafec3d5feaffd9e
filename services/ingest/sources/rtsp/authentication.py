"""HTTP authentication as RTSP uses it: Basic and Digest (RFC 2617; SHA-256 by RFC 7616)."""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.ingest.sources.source import Credentials, SourceError

_PART = re.compile(
    r'(?P<name>[\w-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,"]*))|(?P<scheme>[A-Za-z][\w-]*)'
)
_HASHES = {"MD5": "md5", "SHA-256": "sha256"}
_STALE_NONCES = 2


@dataclass(frozen=True, slots=True)
class Challenge:
    """One challenge of a WWW-Authenticate field; names are lower case."""

    scheme: str
    parameters: dict[str, str]

    @property
    def algorithm(self) -> str:
        """Of a Digest challenge, upper case, MD5 where it says nothing."""
        return self.parameters.get("algorithm", "MD5").upper()


def parse_challenges(fields: Sequence[str]) -> list[Challenge]:
    """Every challenge, whether the server wrote one field or several."""
    challenges: list[Challenge] = []
    for text in fields:
        for part in _PART.finditer(text):
            if part["scheme"]:
                challenges.append(Challenge(part["scheme"].lower(), {}))
            elif challenges:
                value = part["plain"] if part["quoted"] is None else re.sub(r"\\(.)", r"\1", part["quoted"])
                challenges[-1].parameters[part["name"].lower()] = value
    return challenges


class Authenticator:
    """Answers a server's challenges for one set of credentials.

    `basic_allowed` is False where the server is not the one the credentials were given for: Digest shows it
    no password, Basic would.
    """

    def __init__(
        self,
        credentials: Credentials | None,
        *,
        basic_allowed: bool = True,
        new_client_nonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._credentials = credentials
        self._basic_allowed = basic_allowed
        self._new_client_nonce = new_client_nonce
        self._challenge: Challenge | None = None
        self._uses = 0  # of the nonce
        self._stale = 0
        self._accepted = False

    def authorize(self, method: str, uri: str) -> dict[str, str]:
        """The header that goes with a request; nothing before the first challenge."""
        if self._challenge is None or self._credentials is None:
            return {}
        if self._challenge.scheme == "basic":
            pair = f"{self._credentials.user}:{self._credentials.password}"
            return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        self._uses += 1
        return {"Authorization": self._digest(self._challenge, self._credentials, method, uri)}

    def accept(self) -> None:
        """The server took the last request."""
        self._accepted = self._challenge is not None
        self._stale = 0

    def refuse(self, fields: Sequence[str]) -> None:
        """The server answered 401 with these WWW-Authenticate fields: make ready for another try.

        Raises SourceError camera.auth_failed if another try would end the same.
        """
        if self._credentials is None:
            raise SourceError("camera.auth_failed", "401 and no credentials given")
        challenges = parse_challenges(fields)
        chosen = next((c for c in challenges if _is_supported_digest(c)), None)
        if chosen is None and self._basic_allowed:
            chosen = next((c for c in challenges if c.scheme == "basic"), None)
        if chosen is None:
            offered = ", ".join(sorted({c.scheme for c in challenges})) or "nothing"
            raise SourceError("camera.auth_failed", f"401, and the camera offers {offered[:80]}")
        if self._challenge is not None and not self._renews(chosen):
            raise SourceError("camera.auth_failed", f"401 after {self._challenge.scheme.capitalize()}")
        self._challenge = chosen
        self._accepted = False
        self._uses = 0

    def _renews(self, challenge: Challenge) -> bool:
        """Whether the server only wants a newer nonce: it says so, or the old one served until now."""
        if challenge.scheme != "digest":
            return False
        if challenge.parameters.get("stale", "").lower() == "true":
            self._stale += 1
            return self._stale <= _STALE_NONCES
        return self._accepted

    def _digest(self, challenge: Challenge, credentials: Credentials, method: str, uri: str) -> str:
        """RFC 2617, 3.2.2: the request-digest and what it was made of."""
        parameters = challenge.parameters
        realm, nonce = parameters.get("realm", ""), parameters.get("nonce", "")
        hash_name = _HASHES[challenge.algorithm.removesuffix("-SESS")]
        session_variant = challenge.algorithm.endswith("-SESS")
        client_nonce = self._new_client_nonce()
        count = f"{self._uses:08x}"

        def digest(*values: str) -> str:
            return hashlib.new(hash_name, ":".join(values).encode(), usedforsecurity=False).hexdigest()

        secret = digest(credentials.user, realm, credentials.password)
        if session_variant:
            secret = digest(secret, nonce, client_nonce)
        request = digest(method, uri)
        answer: dict[str, str] = {"username": credentials.user, "realm": realm, "nonce": nonce, "uri": uri}
        bare = {}
        if "qop" in parameters:
            answer["response"] = digest(secret, nonce, count, client_nonce, "auth", request)
            bare = {"qop": "auth", "nc": count}
            answer["cnonce"] = client_nonce
        else:
            answer["response"] = digest(secret, nonce, request)
            if session_variant:
                answer["cnonce"] = client_nonce
        if "opaque" in parameters:
            answer["opaque"] = parameters["opaque"]
        if "algorithm" in parameters:
            bare["algorithm"] = parameters["algorithm"]
        quoted = [f'{name}="{_escape(value)}"' for name, value in answer.items()]
        return "Digest " + ", ".join(quoted + [f"{name}={value}" for name, value in bare.items()])


def _is_supported_digest(challenge: Challenge) -> bool:
    if challenge.scheme != "digest" or not challenge.parameters.get("nonce"):
        return False
    qualities = [q.strip() for q in challenge.parameters.get("qop", "auth").lower().split(",")]
    return challenge.algorithm.removesuffix("-SESS") in _HASHES and "auth" in qualities


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
