"""The served OpenAPI document: sound by itself, and of all that the site serves."""

import re
from collections.abc import Iterator
from typing import Any

from tests.rpc.gateway.site import Site

METHODS = {"get", "post", "patch", "put", "delete"}
JSON_TYPES = {"string", "integer", "number", "boolean", "array", "object", "null"}


def parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from parts(each)
    elif isinstance(value, list):
        for each in value:
            yield from parts(each)


async def document_of(site: Site) -> dict[str, Any]:
    status, document = await site.call("GET", "/v1/openapi.json")
    assert status == 200
    return dict(document)


async def test_it_is_what_openapi_3_1_says(site: Site) -> None:
    document = await document_of(site)
    assert document["openapi"].startswith("3.1.")
    assert set(document) <= {"openapi", "info", "paths", "components"}
    assert {"title", "version"} <= set(document["info"])
    for path, item in document["paths"].items():
        assert path.startswith("/")
        assert set(item) <= METHODS
        for operation in item.values():
            placed = [(each["in"], each["name"]) for each in operation["parameters"]]
            assert len(placed) == len(set(placed)), path
            in_path = {name for place, name in placed if place == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path))
            assert all(each["required"] for each in operation["parameters"] if each["in"] == "path")
            assert operation["responses"]
            for status, response in operation["responses"].items():
                assert re.fullmatch(r"[1-5]\d\d|default", status)
                assert response["description"]
            schemes = document["components"]["securitySchemes"]
            assert all(set(each) <= set(schemes) for each in operation["security"])
    for part in parts(document):
        if isinstance(reference := part.get("$ref"), str):
            found: Any = document
            for step in reference.removeprefix("#/").split("/"):
                found = found[step]
        if isinstance(kind := part.get("type"), str) and "properties" in part:
            assert kind == "object"
        if part.get("type") == "array":
            assert "items" in part


async def test_every_route_is_in_it_and_every_operation_is_served(site: Site) -> None:
    document = await document_of(site)
    for path, item in document["paths"].items():
        there = re.sub(r"{\w+}", "x", path)
        for method in METHODS:
            async with site.http.request(method, there, headers={"Origin": "http://x"}) as answer:
                unserved = answer.status == 405
            assert unserved == (method not in item), f"{method} {path}"


async def test_what_integrators_rely_on_is_told(site: Site) -> None:
    paths = (await document_of(site))["paths"]

    def headers(path: str, method: str) -> set[str]:
        return {each["name"] for each in paths[path][method]["parameters"] if each["in"] == "header"}

    assert "Idempotency-Key" in headers("/v1/cameras", "post")
    assert "Idempotency-Key" in headers("/v1/holds", "post")
    assert "If-Match" in headers("/v1/cameras/{camera}", "patch")
    assert "text/csv" in paths["/v1/cameras:import"]["post"]["requestBody"]["content"]
