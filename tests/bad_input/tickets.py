"""Tickets, good and bad, and what a good one opens."""

import base64
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from services.auth.app import MIGRATIONS
from services.auth.signing_keys import SigningKeys
from snowlight.access.token import TICKET_TYP
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings
from snowlight.database import open_database
from snowlight.runtime import build_runtime
from tests.parts.snowlight import Snowlight
from tests.person import Answer, Person

VIDEO_MARKS = (b"ftyp", b"moof", b"mdat", b"#EXTM3U")
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True)
class Opened:
    """The paths below /hls/{ticket}/ that one ticket opens: playlists, an init section, segments."""

    playlists: tuple[str, ...]
    init: str
    segments: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """One path of each kind."""
        return (*self.playlists, self.init, self.segments[0])


async def open_live(person: Person, ticket: str) -> Opened:
    """Everything a live ticket opens now, each of which plays."""
    return await _open(person, ticket, ("live.m3u8", "live/media.m3u8"), "live/")


async def open_footage(person: Person, ticket: str) -> Opened:
    """Everything a playback ticket opens now, each of which plays."""
    return await _open(person, ticket, ("vod.m3u8",), "")


async def _open(person: Person, ticket: str, playlists: tuple[str, ...], base: str) -> Opened:
    for playlist in playlists:
        answer = await person.ask("GET", f"/hls/{ticket}/{playlist}")
        assert answer.status == 200, answer
    text = answer.body.decode()
    init = re.search(r'EXT-X-MAP:URI="([^"]+)"', text)
    assert init is not None, text
    segments = re.findall(r"^[^#\s].*\.m4s$", text, re.MULTILINE)
    opened = Opened(playlists, base + init[1], tuple(base + segment for segment in segments))
    for path, mark in ((opened.init, b"ftyp"), (opened.segments[0], b"moof")):
        answer = await person.ask("GET", f"/hls/{ticket}/{path}")
        assert answer.status == 200, (path, answer)
        assert mark in answer.body
    return opened


def assert_no_video(answer: Answer, status: int, code: str) -> None:
    """Refused with a problem document, and nothing else."""
    assert answer.status == status, answer
    assert not any(mark in answer.body for mark in VIDEO_MARKS), answer
    if answer.method == "HEAD":
        return
    assert answer.content_type == "application/problem+json", answer
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code), problem


def altered(ticket: str) -> Iterator[str]:
    """The ticket with one character changed, for every character."""
    for place, character in enumerate(ticket):
        other = _ALPHABET[(_ALPHABET.find(character) + 1) % len(_ALPHABET)]
        yield ticket[:place] + other + ticket[place + 1 :]


def forged(ticket: str) -> Iterator[str]:
    """The ticket's claims as somebody would sign who does not have auth's key."""
    header, payload, signature = ticket.split(".")
    told: dict[str, Any] = json.loads(_decoded(header))
    claims = _decoded(payload)
    unsigned = _encoded(json.dumps({**told, "alg": "none"}).encode())
    yield f"{unsigned}.{payload}."
    yield f"{header}.{payload}."
    yield f"{unsigned}.{payload}.{signature}"
    longer = json.loads(claims)
    longer["exp"] += 3600
    yield f"{header}.{_encoded(json.dumps(longer).encode())}.{signature}"
    own = OKPKey.generate_key("Ed25519")
    yield jws.serialize_compact(told, claims, own, algorithms=["Ed25519"])
    secret = OctKey.import_key(json.dumps(own.as_dict(private=False)))
    yield jws.serialize_compact({**told, "alg": "HS256"}, claims, secret, algorithms=["HS256"])


@asynccontextmanager
async def auth_signature(snowlight: Snowlight) -> AsyncIterator[SigningKeys]:
    """Auth's own signing key, out of its database: what it signs is as good as what auth itself signs."""
    folder = snowlight.data_dir
    key = build_runtime("auth", ClusterSettings(data_dir=folder)).key
    async with open_database(
        f"sqlite+aiosqlite:///{folder / 'auth.db'}", service="auth", migrations=MIGRATIONS
    ) as database:
        keys = SigningKeys(database, key.derive("auth-signing-key"), SystemClock(), publish_s=90)
        await keys.load()
        yield keys


def sign(keys: SigningKeys, ticket: str, expire_s: int) -> str:
    """The same ticket with another expiry, Unix time in seconds."""
    claims: dict[str, Any] = json.loads(_decoded(ticket.split(".")[1]))
    return keys.sign({**claims, "exp": expire_s}, TICKET_TYP)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
