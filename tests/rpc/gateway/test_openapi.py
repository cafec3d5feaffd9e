"""The served OpenAPI document: sound by a foreign validator, and of all that the site serves."""

import re

from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.rpc.gateway.site import Site

METHODS = {"get", "post", "patch", "put", "delete"}


async def test_it_is_what_openapi_3_1_says(site: Site) -> None:
    document = await site.openapi()
    faults = [
        f"{error.json_path}: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()
    ]
    assert faults == []
    assert document["openapi"].startswith("3.1.")


async def test_what_the_validator_passes_over_is_sound_too(site: Site) -> None:
    """It follows neither the names of security schemes, nor a path's parameters that are not there."""
    document = await site.openapi()
    schemes = set(document["components"]["securitySchemes"])
    for path, item in document["paths"].items():
        assert set(item) <= METHODS
        for operation in item.values():
            in_path = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path))
            assert all(set(each) <= schemes for each in operation["security"])


async def test_every_route_is_in_it_and_every_operation_is_served(site: Site) -> None:
    document = await site.openapi()
    for path, item in document["paths"].items():
        there = re.sub(r"{\w+}", "x", path)
        for method in METHODS:
            async with site.http.request(method, there, headers={"Origin": "http://x"}) as answer:
                unserved = answer.status == 405
            assert unserved == (method not in item), f"{method} {path}"


async def test_what_integrators_rely_on_is_told(site: Site) -> None:
    paths = (await site.openapi())["paths"]

    def headers(path: str, method: str) -> set[str]:
        return {each["name"] for each in paths[path][method]["parameters"] if each["in"] == "header"}

    assert "Idempotency-Key" in headers("/v1/cameras", "post")
    assert "Idempotency-Key" in headers("/v1/holds", "post")
    assert "If-Match" in headers("/v1/cameras/{camera}", "patch")
    assert "text/csv" in paths["/v1/cameras:import"]["post"]["requestBody"]["content"]
