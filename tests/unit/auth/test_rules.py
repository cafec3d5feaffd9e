"""Rules for what is written into auth, one by one."""

import pytest

from services.auth.attempts import Attempts
from services.auth.decision import Action
from services.auth.failures import MAX_TRACKED
from services.auth.model import Line, Role
from services.auth.passwords import check_password
from services.auth.principals import check_roles, check_username
from services.auth.region_codes import check_code, default_parents
from services.auth.tickets.request import check_window
from services.auth.validation import check_page_size, key_of_page_token, page_token, region_code
from snowlight.clock import SystemClock
from snowlight.errors import InvalidArgumentError, ResourceExhaustedError

DAY_MS = 86_400_000


@pytest.mark.parametrize("password", ["short", "x" * 129, "aaaaaaaaaaaa", "Zhang.Wei.1978"])
def test_passwords_that_are_easily_guessed_are_refused(password: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"auth\.password_weak") as raised:
        check_password(password, "zhang.wei.1978")
    assert raised.value.field == "password"
    assert password not in str(raised.value)


def test_a_sentence_is_a_password() -> None:
    check_password("雪亮工程守护每一个村庄", "zhang.wei")


def test_a_user_name_has_one_spelling() -> None:
    assert check_username("  Ｚhang.Wei ") == check_username("zhang.wei")
    assert check_username("王伟") == "王伟"
    for name in ("", "a", "a" * 65, "a b", "../a", "-a", "a\nb"):
        with pytest.raises(InvalidArgumentError):
            check_username(name)


def test_a_resident_is_a_viewer_and_nothing_more() -> None:
    assert check_roles([Role.VIEWER], Line.RESIDENT) == {Role.VIEWER}
    assert check_roles([Role.ADMIN, Role.AUDITOR], Line.CARRIER) == {Role.ADMIN, Role.AUDITOR}
    for roles, line in (([], Line.POLICE), ([Role.VIEWER, Role.OPERATOR], Line.RESIDENT)):
        with pytest.raises(InvalidArgumentError):
            check_roles(roles, line)


@pytest.mark.parametrize("code", ["37", "3713", "371326", "371326101", "371326101201", "371326101201-g03"])
def test_codes_by_gb_t_2260_and_below(code: str) -> None:
    assert check_code(region_code(f"regions/{code}", "name")) == code


@pytest.mark.parametrize(
    "code", ["3", "371", "37132", "3713261", "3713261012", "37a3", "３７", "371326101201 "]
)
def test_other_codes_are_refused(code: str) -> None:
    with pytest.raises(InvalidArgumentError):
        check_code(code)


def test_default_parents_are_the_standard_prefixes_nearest_first() -> None:
    assert default_parents("371326101201-03") == ["371326101201", "371326101", "371326", "3713", "37"]
    assert default_parents("429004") == ["4290", "42"]
    assert default_parents("37") == []


@pytest.mark.parametrize(
    ("action", "start_ms", "end_ms", "field"),
    [
        (Action.LIVE, 0, None, "start"),
        (Action.SNAPSHOT, None, 1, "end"),
        (Action.PLAYBACK, None, 1, "start"),
        (Action.PLAYBACK, 1, None, "end"),
        (Action.EXPORT, 5, 5, "end"),
        (Action.PLAYBACK, 0, DAY_MS + 1, "end"),
        (Action.CAMERA_MANAGE, None, None, "action"),
        (Action.AUDIT_READ, 0, 1, "action"),
    ],
)
def test_a_window_that_does_not_fit_its_action_is_refused(
    action: Action, start_ms: int | None, end_ms: int | None, field: str
) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        check_window(action, start_ms, end_ms)
    assert raised.value.field == field


def test_a_ticket_may_open_a_whole_day() -> None:
    assert check_window(Action.PLAYBACK, 0, DAY_MS) == (0, DAY_MS)
    assert check_window(Action.LIVE, None, None) is None


def test_pages() -> None:
    assert [check_page_size(size) for size in (0, 1, 1000, 5000)] == [100, 1, 1000, 1000]
    with pytest.raises(InvalidArgumentError, match="page_size"):
        check_page_size(-1)
    assert key_of_page_token(page_token("371326101201-03")) == "371326101201-03"
    assert key_of_page_token("") == ""
    for token in ("!", "abc", "é", page_token("a\x00")):
        with pytest.raises(InvalidArgumentError, match="page_token"):
            key_of_page_token(token)


def test_failed_sign_ins_are_remembered_for_a_bounded_number_of_names() -> None:
    attempts = Attempts(SystemClock())
    for _ in range(5):
        attempts.begin("victim", "192.0.2.1")
    with pytest.raises(ResourceExhaustedError):
        attempts.begin("victim", "192.0.2.1")
    for number in range(MAX_TRACKED):
        attempts.begin(f"name{number}", f"2001:db8::{number:x}")
    attempts.begin("victim", "192.0.2.1")


def test_one_address_cannot_try_many_names() -> None:
    attempts = Attempts(SystemClock())
    for number in range(50):
        attempts.begin("somebody", "192.0.2.1")
        attempts.succeeded("somebody", "192.0.2.1")  # an office signs in as often as it likes
        attempts.begin(f"name{number}", "192.0.2.1")
    with pytest.raises(ResourceExhaustedError) as raised:
        attempts.begin("somebody", "192.0.2.1")
    assert raised.value.retry_after_s is not None
    assert 290 < raised.value.retry_after_s <= 300
    attempts.begin("somebody", "192.0.2.2")
