"""In which order a list of cameras is (AIP-132), and where in it a page begins (AIP-158)."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from services.gateway.cameras.known import KnownCamera
from snowlight.errors import InvalidArgumentError

Found = tuple[KnownCamera, float]
"""A camera and its distance from the point asked for, m; 0 without one."""

_LONGEST = 100
_KEYS: dict[str, Callable[[Found], Any]] = {
    "name": lambda found: found[0].name,
    "display_name": lambda found: found[0].folded_name,
    "state": lambda found: found[0].camera.state,
    "distance": lambda found: found[1],
}
_TYPES: dict[str, type] = {"name": str, "display_name": str, "state": int, "distance": float}


@dataclass(frozen=True)
class Order:
    """Fields, each with whether it descends. `name` is one, so that no two cameras are equal."""

    fields: tuple[tuple[str, bool], ...]

    @property
    def is_by_name(self) -> bool:
        """The order in which the model keeps its cameras."""
        return self.fields == (("name", False),)

    def sort(self, found: list[Found]) -> None:
        """In place."""
        for field, descends in reversed(self.fields):
            found.sort(key=_KEYS[field], reverse=descends)

    def key(self, found: Found) -> list[Any]:
        """What places a camera in this order."""
        return [_KEYS[field](found) for field, _ in self.fields]

    def first_after(self, found: Sequence[Found], key: list[Any]) -> int:
        """The index in `found`, which has this order, of the first camera behind `key`."""
        low, high = 0, len(found)
        while low < high:
            middle = (low + high) // 2
            if self._is_behind(self.key(found[middle]), key):
                high = middle
            else:
                low = middle + 1
        return low

    def _is_behind(self, one: list[Any], other: list[Any]) -> bool:
        for mine, theirs, (_, descends) in zip(one, other, self.fields, strict=True):
            if mine != theirs:
                return bool((mine > theirs) != descends)
        return False


def read_order(text: str, *, with_distance: bool) -> Order:
    """ "state desc, name". Empty: by distance from the point asked for, else by name. Raises
    InvalidArgumentError("order_by")."""
    if len(text) > _LONGEST:
        raise _unreadable("is too long")
    fields: list[tuple[str, bool]] = []
    for part in text.split(",") if text.strip() else ["distance" if with_distance else "name"]:
        words = part.split()
        if not words or len(words) > 2 or words[1:] not in ([], ["asc"], ["desc"]):
            raise _unreadable("must be fields, each followed by desc or not, with commas between them")
        if words[0] not in _KEYS:
            raise _unreadable(f"knows no {words[0]!r}: {', '.join(_KEYS)}")
        if words[0] == "distance" and not with_distance:
            raise _unreadable("by distance needs near")
        if words[0] in (field for field, _ in fields):
            raise _unreadable(f"names {words[0]} twice")
        fields.append((words[0], words[1:] == ["desc"]))
    if "name" not in (field for field, _ in fields):
        fields.append(("name", False))
    return Order(tuple(fields))


class PageTokens:
    """Tokens of one list: they say behind which camera its next page begins, and are of no use elsewhere."""

    def __init__(self, order: Order, *asked: str) -> None:
        """`asked`: whatever else the list was asked for."""
        self._order = order
        told = json.dumps([order.fields, asked])
        self._list = hashlib.sha256(told.encode()).hexdigest()[:8]

    def write(self, last: Found) -> str:
        """The token of the page behind `last`."""
        told = json.dumps([self._list, *self._order.key(last)], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")

    def read(self, token: str) -> list[Any] | None:
        """The key behind which the page begins; None for the first. Raises
        InvalidArgumentError("page_token")."""
        if not token:
            return None
        try:
            padded = token + "=" * (-len(token) % 4)
            told = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True).decode())
        except (ValueError, RecursionError):
            told = None
        types = [str, *(_TYPES[field] for field, _ in self._order.fields)]
        if not isinstance(told, list) or [type(value) for value in told] != types or told[0] != self._list:
            raise InvalidArgumentError(
                "request.page_token",
                "page_token must be one that this very list returned",
                field="page_token",
            )
        return told[1:]


def _unreadable(problem: str) -> InvalidArgumentError:
    return InvalidArgumentError("request.order_by", f"order_by {problem}", field="order_by")
