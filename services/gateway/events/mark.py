"""Where a client is in what happens: by it any gateway goes on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.gateway.cameras.journal import Place
from snowlight.errors import InvalidArgumentError

_FORM = re.compile(r"(\d{1,18})\.([0-9a-f]{1,32})\.(\d{1,18})\.([0-9a-f]{1,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where a client has been told, and what it could see then. Any gateway understands it."""

    place: Place
    digest: str
    """Names the set of cameras (`Sight.digest`)."""

    def __str__(self) -> str:
        return f"{self.place.revision}.{self.place.run}.{self.place.number}.{self.digest}"

    @classmethod
    def read(cls, text: str, field: str) -> Mark:
        """Raises InvalidArgumentError naming `field` for what is none of ours."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise InvalidArgumentError(f"request.{field}", f"{field} must be one that was told", field=field)
        return cls(Place(int(found[1]), found[2], int(found[3])), found[4])
