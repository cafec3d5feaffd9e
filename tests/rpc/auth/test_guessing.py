"""Who guesses passwords waits, and the account's owner does not."""

import asyncio
import time

import pytest

from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import ResourceExhaustedError, UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import Auth

OWN_ADDRESS = "198.51.100.7"


@pytest.fixture
async def owner(auth: Auth) -> auth_pb2.IssueTokenResponse:
    """Somebody who has signed in before."""
    await auth.add_region("371326", auth_pb2.COUNTY)
    await auth.add_person("zhang.wei", auth_pb2.VIEWER, scope="371326")
    return await auth.sign_in("zhang.wei", address=OWN_ADDRESS)


def stranger(number: int) -> str:
    return f"203.{number // 256}.{number % 256}.1"


async def outcome(auth: Auth, password: str, address: str, device_key: str = "") -> str:
    try:
        with remote_errors("services/auth"):
            await auth.sign_in("zhang.wei", password, address, device_key)
    except (ResourceExhaustedError, UnauthenticatedError) as error:
        return error.code
    return "in"


async def test_a_thousand_wrong_passwords_from_many_addresses_do_not_keep_the_owner_out(
    auth: Auth, owner: auth_pb2.IssueTokenResponse
) -> None:
    async with asyncio.TaskGroup() as group:
        guesses = [
            group.create_task(outcome(auth, f"guess number {number}", stranger(number)))
            for number in range(1000)
        ]
        begun = time.monotonic()
        assert await outcome(auth, PASSWORD, OWN_ADDRESS) == "in"
        took_s = time.monotonic() - begun
    codes = [guess.result() for guess in guesses]
    assert set(codes) == {"auth.invalid_grant", "auth.too_many_attempts"}
    assert codes.count("auth.invalid_grant") == 30
    assert took_s < 10
    # Again, now that the strangers are known to guess: with the browser's key, from an address that is new.
    assert await outcome(auth, PASSWORD, stranger(7), owner.device_key) == "in"
    assert await outcome(auth, PASSWORD, OWN_ADDRESS) == "in"


async def test_strangers_are_told_how_long_to_wait_and_may_try_again_then(
    auth: Auth, owner: auth_pb2.IssueTokenResponse
) -> None:
    for number in range(30):
        assert await outcome(auth, "wrong password", stranger(number)) == "auth.invalid_grant"
    with pytest.raises(ResourceExhaustedError) as raised, remote_errors("services/auth"):
        await auth.sign_in("zhang.wei", PASSWORD, stranger(99))
    wait_s = raised.value.retry_after_s
    assert wait_s is not None
    assert 250 < wait_s <= 300
    auth.clock.ahead_s = wait_s
    assert await outcome(auth, PASSWORD, stranger(99)) == "in"


async def test_a_known_place_may_not_guess_for_ever_either(
    auth: Auth, owner: auth_pb2.IssueTokenResponse
) -> None:
    for _ in range(5):
        assert await outcome(auth, "wrong password", OWN_ADDRESS) == "auth.invalid_grant"
    assert await outcome(auth, PASSWORD, OWN_ADDRESS) == "auth.too_many_attempts"
    # The owner's browser is told apart from others behind the same address.
    assert await outcome(auth, PASSWORD, OWN_ADDRESS, owner.device_key) == "in"


async def test_another_accounts_key_and_an_invented_one_open_no_way(
    auth: Auth, owner: auth_pb2.IssueTokenResponse
) -> None:
    await auth.add_person("li.na", auth_pb2.VIEWER, scope="371326")
    others = (await auth.sign_in("li.na", address="198.51.100.8")).device_key
    for number in range(30):
        await outcome(auth, "wrong password", stranger(number))
    for key in (others, "invented"):
        assert await outcome(auth, PASSWORD, stranger(50), key) == "auth.too_many_attempts"


async def test_an_unknown_name_is_slowed_down_like_a_known_one(
    auth: Auth, owner: auth_pb2.IssueTokenResponse
) -> None:
    codes = []
    for number in range(31):
        with (
            pytest.raises((ResourceExhaustedError, UnauthenticatedError)) as raised,
            remote_errors("services/auth"),
        ):
            await auth.sign_in("nobody", "wrong password", stranger(number))
        codes.append(raised.value.code)
    assert codes == ["auth.invalid_grant"] * 30 + ["auth.too_many_attempts"]


async def test_an_unknown_name_costs_as_much_time_as_a_wrong_password(
    auth: Auth, owner: auth_pb2.IssueTokenResponse
) -> None:
    took: dict[str, list[float]] = {"zhang.wei": [], "nobody": []}
    for number in range(12):
        for name, times in took.items():
            begun = time.perf_counter()
            with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
                await auth.sign_in(name, "wrong password", stranger(number))
            times.append(time.perf_counter() - begun)
    known, unknown = (sorted(times)[len(times) // 2] for times in took.values())
    # An answer without hashing takes less than a third of one with it.
    assert 0.5 < known / unknown < 2


async def test_an_address_of_ipv6_is_a_whole_subscribers(
    auth: Auth, owner: auth_pb2.IssueTokenResponse
) -> None:
    for number in range(5):
        assert await outcome(auth, "wrong password", f"2001:db8::{number:x}") == "auth.invalid_grant"
    assert await outcome(auth, PASSWORD, "2001:db8::ffff") == "auth.too_many_attempts"
    assert await outcome(auth, PASSWORD, "2001:db8:0:1::1") == "in"
