"""Who is let in: tokens that verify, and every way one does not."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import KeySet, OctKey, OKPKey

from snowlight.access import jwt
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.keys import PublicKeys
from snowlight.access.service_token import LIFETIME_S, ServiceTokens
from snowlight.access.token import (
    ACCESS_TOKEN_AUDIENCE,
    ACCESS_TOKEN_TYP,
    TICKET_AUDIENCE,
    TICKET_TYP,
    TokenVerifier,
)
from snowlight.errors import ExpiredError, PermissionDeniedError, UnauthenticatedError

NOW_MS = 1_790_000_000_000
NESTED = b'{"kid":' + b"[" * 2900


class FixedClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.ms = NOW_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def key() -> OKPKey:
    return OKPKey.generate_key("Ed25519", parameters={"kid": "first"})


@pytest.fixture
def verifier(key: OKPKey, clock: FixedClock) -> TokenVerifier:
    async def fetch() -> str:
        return json.dumps(KeySet([key]).as_dict(private=False))

    return TokenVerifier(PublicKeys(fetch, clock), clock)


Sign = Callable[..., str]


@pytest.fixture
def ticket(key: OKPKey) -> Sign:
    def sign(signer: OKPKey = key, typ: str = TICKET_TYP, **changes: Any) -> str:
        claims = {
            "iss": jwt.AUTH_ISSUER,
            "aud": TICKET_AUDIENCE if typ == TICKET_TYP else ACCESS_TOKEN_AUDIENCE,
            "sub": "principals/officer",
            "jti": "t1",
            "cam": "camera-uid",
            "act": "playback",
            "win": [1000, 2000],
            "exp": NOW_MS // 1000 + 60,
        } | changes
        return jwt.encode(
            {name: value for name, value in claims.items() if value is not None},
            signer,
            algorithm=jwt.SIGNATURE,
            typ=typ,
        )

    return sign


async def test_a_ticket_opens_its_camera_action_and_window_and_no_other(
    verifier: TokenVerifier, ticket: Sign
) -> None:
    claims = await verifier.ticket(ticket())
    assert (claims.camera_uid, claims.principal) == ("camera-uid", "principals/officer")
    claims.require("playback", "export")
    claims.require_window(1000, 2000)
    with pytest.raises(PermissionDeniedError, match=r"ticket\.wrong_action"):
        claims.require("live")
    for start, end in ((999, 2000), (1000, 2001)):
        with pytest.raises(PermissionDeniedError, match=r"ticket\.outside_window"):
            claims.require_window(start, end)


async def test_a_cached_ticket_still_expires(
    verifier: TokenVerifier, ticket: Sign, clock: FixedClock
) -> None:
    signed = ticket()
    await verifier.ticket(signed)
    clock.ms += 60_000
    with pytest.raises(ExpiredError, match=r"ticket\.expired"):
        await verifier.ticket(signed)


async def test_an_expired_access_token_is_unauthenticated(verifier: TokenVerifier, ticket: Sign) -> None:
    signed = ticket(typ=ACCESS_TOKEN_TYP, exp=NOW_MS // 1000)
    with pytest.raises(UnauthenticatedError, match=r"auth\.token_expired"):
        await verifier.access_token(signed)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def with_header(token: str, header: object) -> str:
    """The token under another header, its signature as it was."""
    return f"{encoded(json.dumps(header).encode())}.{token.partition('.')[2]}"


async def test_what_auth_did_not_sign_as_a_ticket_is_refused(
    verifier: TokenVerifier, ticket: Sign, key: OKPKey
) -> None:
    stranger = OKPKey.generate_key("Ed25519", parameters={"kid": "first"})
    good = ticket()
    head, payload, signature = good.split(".")
    forged = [
        "",
        "no.token",
        "a.b.c",
        good[:-6] + "AAAAAA",
        f"{head}.{payload}x.{signature}",
        f"{head}.{payload}.",
        ticket(signer=stranger),
        ticket(typ=ACCESS_TOKEN_TYP),
        ticket(iss="somebody"),
        ticket(aud=ACCESS_TOKEN_AUDIENCE),
        ticket(aud=[TICKET_AUDIENCE]),
        ticket(aud=None),
        ticket(nbf=NOW_MS // 1000 + 60),
        ticket(nbf="soon"),
        ticket(exp=None),
        ticket(exp="never"),
        "x" * 5000,
        with_header(good, {"alg": jwt.SIGNATURE, "typ": TICKET_TYP, "kid": "first", "crit": 5}),
        with_header(good, {"alg": jwt.SIGNATURE, "typ": TICKET_TYP, "kid": "first", "crit": [{}]}),
        with_header(
            good, {"alg": jwt.SIGNATURE, "typ": TICKET_TYP, "kid": "first", "jku": "http://192.0.2.1"}
        ),
        with_header(good, {"alg": "none", "typ": TICKET_TYP, "kid": "first"}),
        with_header(good, {"alg": jwt.SIGNATURE, "typ": TICKET_TYP, "kid": ["first"]}),
        with_header(good, ["alg"]),
        f"{encoded(b'[' * 3000)}.{payload}.{signature}",
        f"{encoded(NESTED)}.{payload}.{signature}",
    ]
    for token in forged:
        with pytest.raises(UnauthenticatedError):
            await verifier.ticket(token)


async def test_unknown_keys_are_fetched_again_but_not_at_every_call(
    clock: FixedClock, key: OKPKey, ticket: Sign
) -> None:
    newer = OKPKey.generate_key("Ed25519", parameters={"kid": "second"})
    published = [key]
    fetched = 0

    async def fetch() -> str:
        nonlocal fetched
        fetched += 1
        return json.dumps(KeySet(list(published)).as_dict(private=False))

    verifier = TokenVerifier(PublicKeys(fetch, clock), clock)
    await verifier.ticket(ticket())
    for _ in range(3):
        with pytest.raises(UnauthenticatedError):
            await verifier.ticket(ticket(signer=newer))
    assert fetched == 1
    published.append(newer)
    clock.ms += 6_000
    assert (await verifier.ticket(ticket(signer=newer))).ticket_id == "t1"
    assert fetched == 2


CLUSTER = ClusterKey("the secret of one cluster, long enough")


def test_services_of_one_cluster_know_each_other_and_no_stranger(clock: FixedClock) -> None:
    stranger = ClusterKey("the secret of another one, long enough")
    token = ServiceTokens(CLUSTER, "ingest", clock).current("storage")
    here = ServiceTokens(CLUSTER, "storage", clock)
    assert here.verify(token) == "services/ingest"
    with pytest.raises(UnauthenticatedError):
        ServiceTokens(stranger, "storage", clock).verify(token)
    with pytest.raises(UnauthenticatedError, match="another service"):
        ServiceTokens(CLUSTER, "auth", clock).verify(token)
    clock.ms += LIFETIME_S * 1000
    with pytest.raises(UnauthenticatedError, match=r"auth\.token_expired"):
        here.verify(token)


def test_a_service_signs_one_token_for_each_that_it_calls_and_renews_it_in_time(clock: FixedClock) -> None:
    tokens = ServiceTokens(CLUSTER, "gateway", clock)
    first = tokens.current("auth")
    assert tokens.current("storage") != first
    clock.ms += (LIFETIME_S - 61) * 1000
    assert tokens.current("auth") == first
    clock.ms += 1000
    renewed = tokens.current("auth")
    clock.ms += (LIFETIME_S - 1) * 1000
    assert ServiceTokens(CLUSTER, "auth", clock).verify(renewed) == "services/gateway"


def service_token(typ: str = "service+jwt", algorithm: str = "HS256", **changes: Any) -> str:
    """What the gateway calls storage with, but for `changes`; a claim that is None is left out."""
    claims = {
        "iss": jwt.SERVICE_ISSUER,
        "sub": "services/gateway",
        "aud": "services/storage",
        "iat": NOW_MS // 1000,
        "exp": NOW_MS // 1000 + LIFETIME_S,
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    key = OctKey.import_key(CLUSTER.derive("service-token"))
    return jwt.encode(claims, key, algorithm=algorithm, typ=typ)


@pytest.mark.parametrize("ahead_s", [0, 60])
def test_a_signer_whose_clock_is_a_minute_ahead_is_believed(clock: FixedClock, ahead_s: int) -> None:
    now_s = NOW_MS // 1000 + ahead_s
    token = service_token(iat=now_s, exp=now_s + LIFETIME_S)
    assert ServiceTokens(CLUSTER, "storage", clock).verify(token) == "services/gateway"


@pytest.mark.parametrize(
    "token",
    [
        service_token(aud="services/auth"),
        service_token(aud=None),
        service_token(aud=["services/storage", "services/auth"]),
        service_token(iss=jwt.AUTH_ISSUER),
        service_token(typ=ACCESS_TOKEN_TYP),
        service_token(typ=TICKET_TYP),
        service_token(algorithm="HS512"),
        service_token(sub=None),
        service_token(iat=None),
        service_token(iat="now"),
        service_token(iat=NOW_MS // 1000 + 61, exp=NOW_MS // 1000 + 61 + LIFETIME_S),
        service_token(iat=NOW_MS // 1000 + 61),
        service_token(exp=None),
        service_token(exp=NOW_MS // 1000),
        service_token(exp=NOW_MS // 1000 + LIFETIME_S + 1),
    ],
)
def test_a_service_token_that_is_not_as_services_sign_them_is_refused(clock: FixedClock, token: str) -> None:
    with pytest.raises(UnauthenticatedError):
        ServiceTokens(CLUSTER, "storage", clock).verify(token)
