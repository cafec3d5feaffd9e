"""The filter of a list of cameras: a subset of AIP-160.

    expression = sequence { "AND" sequence }
    sequence   = factor { factor }                      all of them
    factor     = term { "OR" term }                     OR binds closer than AND
    term       = [ "NOT" | "-" ] ( word | field operator value | "(" expression ")" )

A word, or several in quotes, is looked for in the display name, in any case, and in the id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.gateway.cameras.known import KnownCamera
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError

Test = Callable[[KnownCamera], bool]

LONGEST = 250
MOST_TERMS = 20
"""As the grammar has them, so that parentheses are counted too: every camera may be held against each."""
_DEEPEST = 10
_SHOWN = 40
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<operator><=|>=|!=|[<>=:])
    |(?P<parenthesis>[()])
    |(?P<minus>-(?=[^\s-]))
    |(?P<word>[^\s()"'<>=!:]+)""",
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = ("AND", "OR", "NOT")
_STATES = {name: value for name, value in camera_pb2.CameraState.items() if value}
_OWNERSHIPS = {name: value for name, value in camera_pb2.Ownership.items() if value}
_CLASSES = {"1": 1, "2": 2, "3": 3}
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True)
class Filter:
    """What is asked of a camera."""

    test: Test
    terms: int
    """How many a camera may be held against: what it costs."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    """What it says: of one in quotes, without them."""
    place: int
    """Of its first character, from 1 on."""


def read_filter(text: str) -> Filter | None:
    """What `text` asks of a camera; None when it asks nothing. Raises InvalidArgumentError("filter") that
    says at which character it cannot be read, or has more terms than `MOST_TERMS`."""
    if len(text) > LONGEST:
        raise InvalidArgumentError(
            "request.too_long", f"filter must have at most {LONGEST} characters", field="filter"
        )
    tokens = _tokens(text)
    return _Reader(tokens, len(text) + 1).whole() if tokens else None


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            problem = "a quotation has no end" if text[at] in "\"'" else f"{text[at]!r} is not expected"
            raise _unreadable(at + 1, problem)
        kind = match.lastgroup or ""
        if kind == "quoted":
            tokens.append(_Token(kind, re.sub(r"\\(.)", r"\1", match[0][1:-1], flags=re.DOTALL), at + 1))
        elif kind == "word" and match[0] in _KEYWORDS:
            tokens.append(_Token("keyword", match[0], at + 1))
        elif kind != "space":
            tokens.append(_Token(kind, match[0], at + 1))
        at = match.end()
    return tokens


class _Reader:
    """Recursive descent; each method reads what its rule names and makes the test of it."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._next = 0
        self._end = end
        self._depth = 0
        self._terms = 0

    def whole(self) -> Filter:
        test = self._expression()
        if self._peek() is not None:
            raise self._unexpected("a word or a field")
        return Filter(test, self._terms)

    def _expression(self) -> Test:
        tests = [self._sequence()]
        while self._take("keyword", "AND"):
            tests.append(self._sequence())
        return _all_of(tests)

    def _sequence(self) -> Test:
        tests = [self._factor()]
        while self._begins_term():
            tests.append(self._factor())
        return _all_of(tests)

    def _factor(self) -> Test:
        tests = [self._term()]
        while self._take("keyword", "OR"):
            tests.append(self._term())
        return _any_of(tests)

    def _term(self) -> Test:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise _unreadable(self._place(), f"there are more than {MOST_TERMS} terms")
        if self._take("keyword", "NOT") or self._take("minus"):
            test = self._simple()
            return lambda known: not test(known)
        return self._simple()

    def _simple(self) -> Test:
        if self._take("parenthesis", "("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise _unreadable(self._place(), f"parentheses are nested deeper than {_DEEPEST}")
            test = self._expression()
            if not self._take("parenthesis", ")"):
                raise self._unexpected('")"')
            self._depth -= 1
            return test
        subject = self._take("word") or self._take("quoted")
        if subject is None:
            raise self._unexpected("a word or a field")
        operator = self._take("operator")
        if operator is None:
            word = subject.text.casefold()
            return lambda known: word in known.text
        value = self._take("word") or self._take("quoted")
        if value is None:
            raise self._unexpected("a value")
        return _comparison(subject, operator, value)

    def _begins_term(self) -> bool:
        token = self._peek()
        return token is not None and (token.kind in ("word", "quoted", "minus") or token.text in ("NOT", "("))

    def _take(self, kind: str, text: str = "") -> _Token | None:
        token = self._peek()
        if token is None or token.kind != kind or (text and token.text != text):
            return None
        self._next += 1
        return token

    def _peek(self) -> _Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _place(self) -> int:
        token = self._peek()
        return token.place if token is not None else self._end

    def _unexpected(self, wanted: str) -> InvalidArgumentError:
        token = self._peek()
        found = f"not {_shown(token.text)}" if token is not None else "but it ends"
        return _unreadable(self._place(), f"{wanted} is expected, {found}")


def _comparison(subject: _Token, operator: _Token, value: _Token) -> Test:
    makers: dict[str, Callable[[_Token, _Token], Test]] = {
        "display_name": lambda operator, value: _of_text("folded_name", operator, value),
        "operator": lambda operator, value: _of_text("operator", operator, value),
        "state": lambda operator, value: _of_choice("state", _STATES, operator, value),
        "ownership": lambda operator, value: _of_choice("ownership", _OWNERSHIPS, operator, value),
        "camera_class": lambda operator, value: _of_choice("camera_class", _CLASSES, operator, value),
        "enabled": lambda operator, value: _of_choice("enabled", _FLAGS, operator, value),
    }
    make = makers.get(subject.text) if subject.kind == "word" else None
    if make is None:
        known = ", ".join(makers)
        raise _unreadable(subject.place, f"{_shown(subject.text)} is not a field here: {known}")
    return make(operator, value)


def _of_text(attribute: str, operator: _Token, value: _Token) -> Test:
    """In any case: `=`, `!=`, and `:` for a part of it."""
    wanted = value.text.casefold()
    if operator.text == "=":
        return lambda known: bool(getattr(known, attribute) == wanted)
    if operator.text == "!=":
        return lambda known: bool(getattr(known, attribute) != wanted)
    if operator.text == ":":
        return lambda known: wanted in getattr(known, attribute)
    raise _unreadable(operator.place, f"{operator.text} cannot compare texts: =, != or :")


def _of_choice(field: str, choices: Mapping[str, int], operator: _Token, value: _Token) -> Test:
    wanted = choices.get(value.text)
    if wanted is None:
        raise _unreadable(
            value.place, f"{_shown(value.text)} is not a value of {field}: {', '.join(choices)}"
        )
    if operator.text == "=":
        return lambda known: bool(getattr(known.camera, field) == wanted)
    if operator.text == "!=":
        return lambda known: bool(getattr(known.camera, field) != wanted)
    raise _unreadable(operator.place, f"{operator.text} cannot compare {field}: = or !=")


def _all_of(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def test(known: KnownCamera) -> bool:
        for each in tests:  # noqa: SIM110  # all() takes three times as long for two
            if not each(known):
                return False
        return True

    return test


def _any_of(tests: Sequence[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def test(known: KnownCamera) -> bool:
        for each in tests:  # noqa: SIM110  # any() takes three times as long for two
            if each(known):
                return True
        return False

    return test


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")


def _unreadable(place: int, problem: str) -> InvalidArgumentError:
    return InvalidArgumentError("request.filter", f"filter, character {place}: {problem}", field="filter")
