"""An erasure is done when nothing is left of its footage, and not a moment sooner."""

import pytest

from services.storage.erasure.erasure import ErasureState, state_after

HOLD = ["holds/1"]


@pytest.mark.parametrize(
    ("remaining", "held", "held_by", "state"),
    (
        (0, 0, [], ErasureState.DONE),
        (2, 2, HOLD, ErasureState.HELD),
        (0, 0, HOLD, ErasureState.HELD),
        (3, 2, HOLD, ErasureState.PENDING),
        (1, 0, [], ErasureState.PENDING),
    ),
    ids=("nothing left", "all of it held", "an export's copy held", "more than is held", "not deleted yet"),
)
def test_it_is_as_far_as_what_is_left_of_it(
    remaining: int, held: int, held_by: list[str], state: ErasureState
) -> None:
    assert state_after(remaining, held, held_by) is state


def test_what_was_released_while_it_was_counted_has_still_to_go() -> None:
    assert state_after(remaining=1, held=1, held_by=[]) is ErasureState.PENDING
