"""What multivariant playlists are asked for: whether they list what is encoded anew."""

from collections.abc import Mapping

from services.gateway.http.routes import Parameter
from snowlight.errors import InvalidArgumentError

LADDER_PARAMETER = Parameter(
    "ladder",
    "1: list what is encoded anew as well, H.264 of H.265 and smaller pictures.",
    {"enum": ["0", "1"]},
)


def read_ladder(query: Mapping[str, str]) -> bool:
    """Raises InvalidArgumentError."""
    value = query.get(LADDER_PARAMETER.name, "0")
    if value not in ("0", "1"):
        raise InvalidArgumentError("request.invalid", "ladder must be 0 or 1", field=LADDER_PARAMETER.name)
    return value == "1"
