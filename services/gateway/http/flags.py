"""Query parameters that are true or false."""

from collections.abc import Mapping

from services.gateway.http.routes import Parameter
from snowlight.errors import InvalidArgumentError


def flag(name: str, description: str) -> Parameter:
    """Such a parameter. What it does when it is true is described."""
    return Parameter(name, f"`true`: {description}", {"type": "boolean", "default": False})


def read_flag(query: Mapping[str, str], name: str) -> bool:
    """Whether it is set. Raises InvalidArgumentError naming it unless it is absent, true or false."""
    text = query.get(name, "false")
    if text not in ("true", "false"):
        raise InvalidArgumentError("request.invalid", f"{name} must be true or false", field=name)
    return text == "true"
