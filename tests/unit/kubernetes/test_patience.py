"""Whoever asks the API server in vain waits longer each time, and says so."""

import pytest
from structlog.testing import capture_logs

from services.ingest.kubernetes.patience import LONGEST_SECONDS, SHORTEST_SECONDS, Patience
from snowlight.errors import PermissionDeniedError, UnavailableError

AWAY = UnavailableError("kubernetes.unavailable", "it does not answer")


class Pauses(list[float]):
    """What was slept, in no time."""

    async def sleep(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def slept() -> Pauses:
    return Pauses()


async def test_pauses_grow_to_a_bound_and_begin_anew_after_a_success(slept: Pauses) -> None:
    patience = Patience("asked.in_vain", sleep=slept.sleep)
    for _ in range(10):
        await patience.after(AWAY)
    for n, pause in enumerate(slept):
        longest = min(SHORTEST_SECONDS * 2**n, LONGEST_SECONDS)
        assert longest / 2 <= pause <= longest
    patience.succeeded()
    await patience.after(AWAY)
    assert slept[-1] <= SHORTEST_SECONDS


async def test_what_has_to_be_granted_first_is_said_once(slept: Pauses) -> None:
    patience = Patience("asked.in_vain", sleep=slept.sleep, resources="pods")
    with capture_logs() as lines:
        for _ in range(3):
            await patience.after(PermissionDeniedError("kubernetes.Forbidden", "no"))
        await patience.after(AWAY)
        await patience.after(PermissionDeniedError("kubernetes.Forbidden", "no"))
    assert [line["reason"].split(":")[0] for line in lines] == [
        "kubernetes.Forbidden",
        "kubernetes.unavailable",
        "kubernetes.Forbidden",
    ]
    assert {line["resources"] for line in lines} == {"pods"}
