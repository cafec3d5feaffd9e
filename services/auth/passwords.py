"""Passwords: the rules they follow, and Argon2id (RFC 9106) in threads so that the loop goes on."""

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from snowlight.errors import InvalidArgumentError, ResourceExhaustedError

MIN_LENGTH = 10
MAX_LENGTH = 128
MIN_DIFFERENT = 4
THREADS = 2
MAX_WAITING = 64
RETRY_AFTER_S = 5
_HASHED = "$argon2"
"""What is kept instead of a hash where there is no password begins otherwise."""

T = TypeVar("T")


def check_password(password: str, username: str, field: str = "password") -> None:
    """Raises InvalidArgumentError naming `field` for one too easy to guess."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        problem = f"must have {MIN_LENGTH} to {MAX_LENGTH} characters"
    elif len(set(password)) < MIN_DIFFERENT:
        problem = f"must have at least {MIN_DIFFERENT} different characters"
    elif password.casefold() == username.casefold():
        problem = "must not be the user name"
    else:
        return
    raise InvalidArgumentError("auth.password_weak", f"password {problem}", field=field)


class Passwords:
    """Hashes and verifies. Each call takes tens of milliseconds and as many MiB, so only a few run at a time.

    Raises ResourceExhaustedError("auth.busy") when too many wait already.
    """

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._strangers = _Lane(THREADS)
        self._expected = _Lane(1)
        self._nobodys_hash = ""

    async def open(self) -> None:
        """Prepare what unknown user names are checked against."""
        self._nobodys_hash = await self.hash(secrets.token_urlsafe())

    def close(self) -> None:
        """Let running work end."""
        for lane in (self._strangers, self._expected):
            lane.close()

    async def hash(self, password: str) -> str:
        """The password's hash, salted."""
        return await self._expected.run(lambda: self._hasher.hash(_normal(password)))

    async def verify(self, password: str, password_hash: str | None, *, expected: bool = False) -> bool:
        """Whether the password fits. It takes as long without a hash: nobody learns who exists.

        `expected` is for who is known already: they do not queue behind strangers who guess.
        """
        lane = self._expected if expected else self._strangers
        usable = password_hash if (password_hash or "").startswith(_HASHED) else None
        fits = await lane.run(lambda: self._fits(password, usable or self._nobodys_hash))
        return fits and usable is not None

    def _fits(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, _normal(password))
        except (VerificationError, InvalidHashError):
            return False


class _Lane:
    """A few threads, and a queue of so many that those in it are served in seconds."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._waiting = 0

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    async def run(self, work: Callable[[], T]) -> T:
        if self._waiting >= MAX_WAITING:
            raise ResourceExhaustedError(
                "auth.busy", "too many sign-ins at once, try again", retry_after_s=RETRY_AFTER_S
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def _normal(password: str) -> str:
    # The same characters typed on another keyboard may come decomposed (RFC 8265 section 4.2).
    return unicodedata.normalize("NFC", password)
