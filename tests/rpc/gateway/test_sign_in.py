"""The ways in over HTTP: clients, set-top boxes, one's own sessions and password."""

import base64
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from services.gateway.config import GatewaySettings
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc, client_pb2, client_pb2_grpc
from tests.parts.callers import permitted_channel
from tests.parts.password import PASSWORD
from tests.rpc.auth.test_clients import certificate
from tests.rpc.gateway.people import COUNTY, VILLAGE
from tests.rpc.gateway.site import Site, run_site

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
OFFICER = {"acting_person": "031877", "acting_unit": "城关派出所", "acting_reason": "case 2026-118"}
HEADER = "X-Client-Cert"


async def add_client(site: Site, username: str = "", **fields: Any) -> tuple[str, str]:
    """A client's id and secret; a system when a name is given."""
    async with permitted_channel(site.runtime, site.runtime.cluster.auth_address) as channel:
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)
        clients: client_pb2_grpc.ClientsAsyncStub = client_pb2_grpc.ClientsStub(channel)
        if username:
            principal = auth_pb2.Principal(
                username=username,
                kind=auth_pb2.SYSTEM,
                line=auth_pb2.POLICE,
                roles=[auth_pb2.VIEWER],
                scope=COUNTY,
            )
            request = auth_pb2.CreatePrincipalRequest(principal=principal)
            fields["principal"] = (await directory.CreatePrincipal(request)).name
        made = await clients.CreateClient(
            client_pb2.CreateClientRequest(display_name=username or "box", **fields)
        )
    return made.client.name.removeprefix("clients/"), made.client_secret


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"}


async def token(site: Site, form: dict[str, str], headers: dict[str, str] | None = None) -> tuple[int, Any]:
    return await site.call("POST", "/v1/token", data=form, headers=headers)


async def test_a_system_signs_in_by_basic_or_by_the_form(site: Site) -> None:
    client_id, secret = await add_client(site, "platform")
    grant = {"grant_type": "client_credentials"}
    for form, headers in (
        (grant | {"client_id": client_id, "client_secret": secret}, {}),
        (grant, basic(client_id, secret)),
        (grant | {"client_id": client_id}, basic(quote(client_id), quote(secret))),
        (grant | OFFICER, basic(client_id, secret)),
    ):
        status, answer = await token(site, form, headers)
        assert status == 200, answer
        assert set(answer) == {"access_token", "expires_in", "token_type"}
        assert (await site.call("GET", "/v1/regions", answer["access_token"]))[0] == 200


async def test_a_clients_errors_are_told_by_rfc_6749(site: Site) -> None:
    client_id, secret = await add_client(site, "platform")
    grant = {"grant_type": "client_credentials"}
    for form, headers, status, error in (
        (grant, basic(client_id, "wrong"), 401, "invalid_client"),
        (grant, basic("nobody", secret), 401, "invalid_client"),
        (grant, {"Authorization": "Basic !"}, 401, "invalid_client"),
        (grant, {"Authorization": "Basic \udcff\udcfe"}, 401, "invalid_client"),
        (grant, {"Authorization": "Basic /w=="}, 401, "invalid_client"),
        (grant, {"Authorization": "Basic"}, 401, "invalid_client"),
        (grant | {"client_id": client_id, "client_secret": "wrong"}, {}, 401, "invalid_client"),
        (grant | {"client_id": client_id}, {}, 401, "invalid_client"),
        (grant, {}, 400, "invalid_request"),
        (grant | {"client_secret": secret}, basic(client_id, secret), 400, "invalid_request"),
        (grant | {"client_id": "another"}, basic(client_id, secret), 400, "invalid_request"),
        (grant | {"acting_person": "x"}, basic(client_id, secret), 400, "invalid_request"),
    ):
        async with site.http.post("/v1/token", data=form, headers=headers) as response:
            answer = await response.json(content_type=None)
            assert (response.status, answer["error"]) == (status, error), (form, answer)
            if status == 401:
                scheme = "Basic" if headers else "Bearer"
                assert response.headers["WWW-Authenticate"].startswith(scheme)
        assert secret not in str(answer)


@asynccontextmanager
async def behind_proxy(tmp_path: Path) -> AsyncIterator[Site]:
    async with run_site(tmp_path, behind_proxy=True, client_certificate_header=HEADER) as site:
        yield site


async def test_a_certificate_that_the_proxy_tells_proves_a_system(tmp_path: Path) -> None:
    own, other = certificate("CN=platform"), certificate("CN=platform")
    async with behind_proxy(tmp_path) as site:
        client_id, secret = await add_client(site, "platform", certificates=[own])
        assert secret == ""
        form = {"grant_type": "client_credentials", "client_id": client_id}
        pem = x509.load_der_x509_certificate(own).public_bytes(Encoding.PEM).decode()
        for value in (quote(pem), f":{base64.b64encode(own).decode()}:"):
            status, answer = await token(site, form, {HEADER: value})
            assert status == 200, answer
        for value, status, error in (
            (f":{base64.b64encode(other).decode()}:", 401, "invalid_client"),
            ("", 401, "invalid_client"),
            (":AAAA:", 400, "invalid_request"),
            (":!:", 400, "invalid_request"),
            ("CN=platform", 400, "invalid_request"),
            (":é:", 400, "invalid_request"),
            (quote(pem * 2), 400, "invalid_request"),
            (quote(pem.replace("M", "!")), 400, "invalid_request"),
        ):
            found, answer = await token(site, form, {HEADER: value} if value else {})
            assert (found, answer["error"]) == (status, error), value


async def test_without_the_setting_a_certificate_is_believed_from_nobody(site: Site) -> None:
    own = certificate("CN=platform")
    client_id, _ = await add_client(site, "platform", certificates=[own])
    form = {"grant_type": "client_credentials", "client_id": client_id}
    for header in (HEADER, "Client-Cert", "X-Forwarded-Client-Cert"):
        status, answer = await token(site, form, {header: f":{base64.b64encode(own).decode()}:"})
        assert (status, answer["error"]) == (401, "invalid_client")
    with pytest.raises(ValidationError, match="needs behind_proxy"):
        GatewaySettings(client_certificate_header=HEADER)


async def test_a_system_asks_about_tokens_and_ends_its_own(site: Site) -> None:
    client_id, secret = await add_client(site, "platform")
    shown = basic(client_id, secret)
    _, issued = await token(site, {"grant_type": "client_credentials"} | OFFICER, shown)
    persons = await site.token()
    status, answer = await site.call("POST", "/v1/token/introspect", data={"token": persons}, headers=shown)
    assert (status, answer["active"], answer["username"], answer["line"]) == (200, True, "chen", "government")
    assert (answer["aud"], answer["tier"], answer["region"]) == ("snowlight", 5, VILLAGE)
    form = {"token": issued["access_token"]}
    status, answer = await site.call("POST", "/v1/token/introspect", issued["access_token"], data=form)
    assert (status, answer["act"]["sub"], answer["client_id"]) == (200, "031877", client_id)

    for data, headers, status, code in (
        (form, {}, 401, "auth.token_missing"),
        (form, {"Authorization": f"Bearer {persons}"}, 403, "auth.system_required"),
        (form, basic(client_id, "wrong"), 401, "auth.invalid_client"),
        ({}, shown, 400, "request.required"),
    ):
        found, answer = await site.call("POST", "/v1/token/introspect", data=data, headers=headers)
        assert (found, answer["code"]) == (status, code)
    for wrong in ("x", "x" * 4000, persons[:-4]):
        answer = await site.call("POST", "/v1/token/introspect", data={"token": wrong}, headers=shown)
        assert answer == (200, {"active": False})

    found, answer = await site.call("POST", "/v1/token/revoke", data=form)
    assert (found, answer["error"]) == (400, "unauthorized_client")
    assert await site.call("POST", "/v1/token/revoke", data=form, headers=shown) == (200, {})
    answer = await site.call("POST", "/v1/token/introspect", data=form, headers=shown)
    assert answer == (200, {"active": False})


async def test_a_set_top_box_is_let_in(site: Site) -> None:
    client_id, _ = await add_client(site)
    status, begun = await site.call("POST", "/v1/device_authorization", data={"client_id": client_id})
    assert status == 200
    assert re.fullmatch(r"[B-Z]{4}-[B-Z]{4}", begun["user_code"])
    assert begun["verification_uri"] == f"{site.url}/#/device"
    assert begun["verification_uri_complete"].endswith(f"/#/device?user_code={begun['user_code']}")
    form = {"grant_type": DEVICE_CODE, "client_id": client_id, "device_code": begun["device_code"]}
    for error in ("authorization_pending", "slow_down"):
        status, answer = await token(site, form)
        assert (status, answer["error"]) == (400, error)

    person = await site.token()
    path = f"/v1/device?user_code={begun['user_code']}"
    status, shown = await site.call("GET", path, person)
    assert (status, shown["display_name"]) == (200, "box")
    assert [region["name"] for region in shown["regions"]] == [VILLAGE]
    decision = {"user_code": begun["user_code"], "decision": "approve"}
    assert (await site.call("POST", "/v1/device", json=decision))[0] == 401
    assert (await site.call("POST", "/v1/device", person, json=decision))[0] == 204
    site.clock.ahead_s += 10
    status, answer = await token(site, form)
    assert status == 200, answer
    assert (await site.call("GET", "/v1/regions", answer["access_token"]))[0] == 200
    refresh = {
        "grant_type": "refresh_token",
        "refresh_token": answer["refresh_token"],
        "client_id": client_id,
    }
    assert (await token(site, refresh))[0] == 200

    for call, status, field in (
        (site.call("POST", "/v1/device_authorization", data={}), 400, "client_id"),
        (site.call("GET", "/v1/device", person), 400, "user_code"),
        (site.call("POST", "/v1/device", person, json=decision | {"decision": "maybe"}), 400, "decision"),
        (site.call("GET", path, person), 404, "user_code"),
        (site.call("GET", "/v1/device?user_code=%FF%00", person), 400, "user_code"),
        (site.call("GET", f"/v1/device?user_code={'B' * 21}", person), 400, "user_code"),
    ):
        found, answer = await call
        assert (found, answer["field"]) == (status, field)


async def test_sessions_and_passwords_are_their_owners_business(site: Site) -> None:
    other = await site.token()
    person = await site.token()
    status, listed = await site.call("GET", "/v1/sessions", person)
    assert status == 200
    assert sorted(one["current"] for one in listed["sessions"]) == [False, True]
    (elsewhere,) = [one["name"] for one in listed["sessions"] if not one["current"]]
    assert (await site.call("DELETE", f"/v1/{elsewhere}", await site.token("root")))[0] == 404
    assert (await site.call("DELETE", f"/v1/{elsewhere}", person))[0] == 204
    assert (await site.call("GET", "/v1/sessions", other))[0] == 401

    body = {"current_password": PASSWORD, "new_password": "another password"}
    for change, status, code in (
        (body | {"current_password": "wrong"}, 403, "auth.wrong_password"),
        (body | {"new_password": "short"}, 400, "auth.password_weak"),
        ({"new_password": "x"}, 400, "request.required"),
    ):
        found, answer = await site.call("POST", "/v1/password", person, json=change)
        assert (found, answer["code"]) == (status, code)
    third = await site.token()
    assert (await site.call("POST", "/v1/password", person, json=body))[0] == 204
    assert (await site.call("GET", "/v1/sessions", third))[0] == 401
    assert (await site.call("GET", "/v1/sessions", person))[0] == 200
    form = {"grant_type": "password", "username": "chen", "password": PASSWORD}
    assert (await token(site, form))[0] == 400


async def test_the_console_is_known_again_by_a_cookie_no_script_reads(site: Site) -> None:
    body = {"username": "chen", "password": PASSWORD}
    async with site.http.post("/v1/session", json=body) as response:
        cookies = {cookie.key: cookie for cookie in response.cookies.values()}
    device = cookies["snowlight_device"]
    assert (device["httponly"], device["samesite"], device["path"]) == (True, "Strict", "/v1/session")
    # Somebody else behind the same address guesses; the browser that is known does not wait for it.
    async with aiohttp.ClientSession(site.url, cookie_jar=aiohttp.DummyCookieJar()) as stranger:
        statuses = []
        for _ in range(6):
            async with stranger.post("/v1/session", json=body | {"password": "wrong"}) as response:
                statuses.append(response.status)
        assert statuses == [401] * 5 + [429]
    assert (await site.call("POST", "/v1/session", json=body))[0] == 200
