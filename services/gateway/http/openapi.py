"""The site's OpenAPI 3.1 document, made from its route table."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from services.gateway.http.bodies import json_response
from services.gateway.http.routes import Parameter, Route

PATH = "/v1/openapi.json"

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable: camera.already_exists."},
        "field": {"type": "string", "description": "What to mend."},
        "instance": {
            "type": "string",
            "format": "uri",
            "description": "urn:snowlight:request:{id}, the request's id in the logs.",
        },
    },
}
_SECURITY: dict[str, list[dict[str, list[str]]]] = {
    "none": [],
    "ticket": [],  # the ticket is a part of the path
    "bearer": [{"bearer": []}],
    "session": [{}, {"session": []}],
    "link": [{"bearer": []}, {"link": []}],
}


def with_document(routes: Iterable[Route], version: str) -> list[Route]:
    """`routes` and one more, which serves their document (and is in it)."""

    async def serve(_request: web.Request) -> web.Response:
        return json_response(document)

    own = Route("GET", PATH, serve, "This document.", access="none", answer={"type": "object"})
    table = [*routes, own]
    document = openapi_document(table, version)
    return table


def openapi_document(routes: Iterable[Route], version: str) -> dict[str, Any]:
    """The document of `routes`."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.documented_path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Snowlight",
            "version": version,
            "description": "Cameras of a city: registry, tickets, live and recorded pictures.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "session": {"type": "apiKey", "in": "cookie", "name": "snowlight_session"},
                "link": {"type": "apiKey", "in": "cookie", "name": "snowlight_download"},
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    names = re.findall(r"\{(\w+)\}", route.documented_path)
    path_parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "security": _SECURITY[route.access],
        "parameters": path_parameters + [_parameter(parameter) for parameter in route.parameters],
        "responses": _responses(route),
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": {route.body_type: {"schema": route.body}}}
        if route.access == "session":
            operation["requestBody"]["required"] = False
    return operation


def _operation_id(route: Route) -> str:
    words = re.findall(r"[A-Za-z0-9]+", route.documented_path)
    return "_".join([route.method.lower(), *(word.lower() for word in words)])


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _responses(route: Route) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if route.answer is not None:
        good["content"] = {route.answer_type: {"schema": route.answer}}
    elif route.status != 204:
        good["content"] = {route.answer_type: {}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses = {str(route.status): good}
    for status in route.errors:
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "content": problem}
    responses["default"] = {"description": "A problem", "content": problem}
    return responses
