"""The route table: from it both the site and its OpenAPI document are made, so that they cannot differ."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web
from aiohttp.typedefs import Handler

Schema = dict[str, Any]
Access = Literal["none", "bearer", "session", "link", "ticket"]
"""`link`: bearer, or the cookie that a link of the console sends."""


@dataclass(frozen=True)
class Parameter:
    """A query or header parameter."""

    name: str
    description: str
    schema: Schema = field(default_factory=lambda: {"type": "string"})
    required: bool = False
    place: Literal["query", "header"] = "query"


@dataclass(frozen=True)
class Route:
    """One method of one path, and what its callers must know."""

    method: str
    path: str
    handler: Handler
    summary: str
    access: Access = "bearer"
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    body_type: str = "application/json"
    streams_body: bool = False
    """The handler reads the body as it comes, and bounds how large it is and how long it takes."""
    small_body: bool = False
    """The body is a few words: it has at most `bodies.SMALL_BODY_BYTES`. So have all by which a stranger may
    ask for something."""
    answer: Schema | None = None
    answer_type: str = "application/json"
    status: int = 200
    errors: tuple[int, ...] = ()

    @property
    def documented_path(self) -> str:
        """The path as OpenAPI writes it: `{name}` without the pattern, which may count in braces itself."""
        return re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", self.path)


def add_routes(app: web.Application, routes: Iterable[Route]) -> None:
    """Serve `routes`; GET answers HEAD too."""
    for route in routes:
        app.router.add_route(route.method, route.path, route.handler)
        if route.method == "GET":
            app.router.add_route("HEAD", route.path, route.handler)
