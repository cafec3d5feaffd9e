"""Camera uids: time-ordered, random, and never given twice."""

import re
import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
LENGTH = 26
UID = re.compile(r"[0-9a-z-]{1,26}")
"""What may stand where a uid is expected, in object keys as well."""


def new_uid(now_ms: int) -> str:
    """128 bits as ULID lays them out: 48 of time (ms since 1970 UTC), 80 random, in 26 characters."""
    value = (now_ms & (1 << 48) - 1) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(5 * (LENGTH - 1), -1, -5))
