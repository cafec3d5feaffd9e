"""Refresh tokens: what one says, whether it was made here, and when its use betrays that two hold a session.

A token says its session and its instant, under a MAC. So an old one is known for what it is without being
kept, and what is kept of a session is its last uses (RFC 9700 section 4.14.2).
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from services.auth.repository.refresh_tokens import Session, Use

REUSE_GRACE_MS = 10_000
"""How long a used-up refresh token is still taken: the answer to its first use may have been lost, and two
tabs of one browser, which share a cookie, may renew in the same moment."""

_FORM = re.compile(r"([\w-]{16})\.([1-9][0-9]{0,14})\.([\w-]{16})\.([\w-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """What a token says, true only once `RefreshTokenKey.made` says so. It was given out at `issue_ms`."""

    session_id: str
    issue_ms: int
    nonce: str
    mac: str


class RefreshTokenKey:
    """Makes refresh tokens, and knows those it has made.

    The MAC is HMAC-SHA256 under a key of the cluster over the session's seed and what the token says. The
    seed is in auth's database alone and the key is not: neither a copy of the database nor another service
    of the cluster can make a token.
    """

    def __init__(self, key: bytes) -> None:
        """`key` has 32 bytes."""
        self._key = key

    def make(self, session: Session, now_ms: int) -> str:
        """A token of the session, unlike all others."""
        nonce = secrets.token_urlsafe(12)
        mac = self._mac(session, now_ms, nonce)
        return f"{session.session_id}.{now_ms}.{nonce}.{mac}"

    def made(self, token: RefreshToken, session: Session) -> bool:
        """Whether the token was made for the session."""
        expected = self._mac(session, token.issue_ms, token.nonce)
        return session.session_id == token.session_id and hmac.compare_digest(token.mac, expected)

    def _mac(self, session: Session, issue_ms: int, nonce: str) -> str:
        said = f"{session.session_id}.{issue_ms}.{nonce}".encode()
        mac = hmac.digest(self._key, session.seed + said, hashlib.sha256)
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def read_refresh_token(text: str) -> RefreshToken | None:
    """What a token says; None for what has not the form of one."""
    parts = _FORM.fullmatch(text)
    return RefreshToken(parts[1], int(parts[2]), parts[3], parts[4]) if parts else None


def is_used_up(token: RefreshToken, uses: Iterable[Use]) -> bool:
    """Whether the token was used, or another one of its session that came after it."""
    return any(use.nonce == token.nonce for use in uses) or _is_overtaken(token, uses)


def betrays_theft(token: RefreshToken, uses: Iterable[Use], now_ms: int) -> bool:
    """Whether two hold the session's tokens, if `token` is used now after `uses`, the session's.

    Who is honest keeps one token, the last that reached them. Two things they never do, each with 10 s of
    grace for answers on their way:

    - use a token again later than 10 s after its first use;
    - use a token for the first time after another was used that they had later: one used more than 10 s after
      this one was given out. Siblings, the successors of one predecessor that was used twice within the
      grace, are such, and all that came from them: the honest holder goes on with one of two siblings, and
      whoever comes with the other is somebody else.

    Siblings both used within 10 s of being given out may be two tabs and a late answer. That leaves two lines
    as two siblings would: once either goes on, the other is over by the second rule.
    """
    own = next((use for use in uses if use.nonce == token.nonce), None)
    if own is not None:
        return now_ms - own.use_ms > REUSE_GRACE_MS  # its own successors may be used already
    return _is_overtaken(token, uses)


def _is_overtaken(token: RefreshToken, uses: Iterable[Use]) -> bool:
    return any(use.nonce != token.nonce and use.use_ms > token.issue_ms + REUSE_GRACE_MS for use in uses)
