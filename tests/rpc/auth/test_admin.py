"""`snowlight admin` against a running auth."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.cluster import Auth

COMMAND = "import sys; from services.admin import main; sys.exit(main(sys.argv[1:]))"


async def admin(auth: Auth, *arguments: str | Path) -> tuple[int, str, str]:
    """Exit status, output and errors of one command, run without a terminal."""
    cluster = auth.runtime.cluster
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", COMMAND, *map(str, arguments)),
        env=os.environ
        | {"SNOWLIGHT_DATA_DIR": str(cluster.data_dir), "SNOWLIGHT_AUTH_ADDRESS": cluster.auth_address},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return process.returncode or 0, output.decode(), errors.decode()


GUANGSHUI = ("create-region", "--code", "421381", "--level", "county", "--display-name", "广水市")
LI = (
    *("create-operator", "--username", "li", "--line", "government", "--scope", "421381"),
    *("--role", "admin", "--role", "auditor"),
)


async def test_the_first_operator_signs_in_with_the_password_that_was_printed_once(auth: Auth) -> None:
    assert await admin(auth, *GUANGSHUI) == (0, "regions/421381\n", "")
    status, output, errors = await admin(auth, *LI)
    assert (status, errors) == (0, "")
    name, told = output.splitlines()
    answer = await auth.sign_in("li", told.removeprefix("password: "))
    assert (await auth.verifier.access_token(answer.access_token)).principal == name
    assert answer.principal.scope == "regions/421381"
    assert list(answer.principal.roles) == [auth_pb2.ADMIN, auth_pb2.AUDITOR]


async def test_scripts_may_run_twice(auth: Auth, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("the first password\n")
    regions = tmp_path / "regions.csv"
    regions.write_text("code,level,display_name\n421381101,town,应山街道\n421381,county,广水市\n")
    for number in range(2):
        status, output, _ = await admin(auth, "import-regions", regions, "--if-missing")
        assert (status, output) == (0, "" if number else "regions/421381\nregions/421381101\n")
        status, output, _ = await admin(auth, *LI, "--password-file", password, "--if-missing")
        assert (status, bool(output)) == (0, number == 0)
        password.write_text("a second password\n")
    assert (await auth.sign_in("li", "the first password")).access_token


async def test_a_failure_says_what_was_wrong_and_where(auth: Auth, tmp_path: Path) -> None:
    await admin(auth, *GUANGSHUI)
    status, output, errors = await admin(auth, *GUANGSHUI)
    assert (status, output) == (1, "")
    assert errors == "snowlight: auth.region_exists: regions/421381 exists already\n"

    regions = tmp_path / "regions.csv"
    regions.write_text("code,level,display_name\n421381101,town,应山街道\n421381102,county,x\n")
    status, output, errors = await admin(auth, "import-regions", regions)
    assert (status, output) == (1, "regions/421381101\n")
    assert errors.startswith("snowlight: request.invalid: line 3: level must be below the parent's")

    password = tmp_path / "password"
    password.write_text("li\n")
    status, _, errors = await admin(auth, *LI, "--password-file", password)
    assert status == 1
    assert errors.startswith("snowlight: auth.password_weak: password must have 10")


async def test_a_new_password_replaces_the_old_one(auth: Auth, tmp_path: Path) -> None:
    await admin(auth, *GUANGSHUI)
    _, output, _ = await admin(auth, *LI)
    old = output.splitlines()[1].removeprefix("password: ")
    password = tmp_path / "password"
    password.write_text("a second password")
    assert await admin(auth, "set-password", "--username", "LI", "--password-file", password) == (0, "", "")
    assert (await auth.sign_in("li", "a second password")).access_token
    with pytest.raises(UnauthenticatedError), remote_errors("services/auth"):
        await auth.sign_in("li", old)
    status, _, errors = await admin(auth, "set-password", "--username", "nobody")
    assert (status, errors) == (1, "snowlight: auth.principal_unknown: nobody signs in as nobody\n")


async def test_lists_are_json_lines_and_keys_rotate(auth: Auth) -> None:
    await admin(auth, *GUANGSHUI)
    await admin(auth, *LI)
    _, output, _ = await admin(auth, "list-regions")
    (region,) = map(json.loads, output.splitlines())
    assert (region["name"], region["level"], region["display_name"]) == ("regions/421381", "COUNTY", "广水市")
    _, output, _ = await admin(auth, "list-principals")
    (principal,) = map(json.loads, output.splitlines())
    assert (principal["username"], principal["roles"]) == ("li", ["ADMIN", "AUDITOR"])
    _, output, _ = await admin(auth, "list-audit")
    creation, region_creation = map(json.loads, output.splitlines())
    assert region_creation["detail"] == "regions/421381 created: county 广水市"
    assert (creation["event"], creation["principal"]) == ("change", "services/admin")
    assert creation["detail"] == f"{principal['name']} created: government admin,auditor regions/421381"
    status, key_id, _ = await admin(auth, "rotate-keys")
    keys = json.loads((await auth.tokens.GetJwks(auth_pb2.GetJwksRequest())).jwks_json)["keys"]
    assert (status, len(keys), keys[0]["kid"]) == (0, 2, key_id.split()[0])
    _, output, _ = await admin(auth, "list-audit", "--limit", "1")
    rotation = json.loads(output)
    assert (rotation["action"], rotation["principal"]) == ("keys.rotate", "services/admin")
    assert rotation["detail"].startswith(f"keys/{keys[0]['kid']} signs from 20")


async def test_a_client_is_made_and_given_secrets_by_the_command_line(auth: Auth, tmp_path: Path) -> None:
    await admin(auth, *GUANGSHUI)
    system = ("--username", "platform", "--line", "police", "--role", "viewer", "--scope", "regions/421381")
    await admin(auth, "create-operator", "--kind", "system", *system)
    status, output, _ = await admin(
        auth, "create-client", "--display-name", "platform", "--username", "platform"
    )
    name, secret = output.splitlines()
    first = secret.removeprefix("secret: ")
    assert (status, name.startswith("clients/")) == (0, True)
    _, output, _ = await admin(auth, "rotate-client-secret", name, "--keep-old-hours", "1")
    for shown in (first, output.strip().removeprefix("secret: ")):
        client = auth_pb2.ClientCredentials(client_id=name.removeprefix("clients/"), client_secret=shown)
        request = auth_pb2.IssueTokenRequest(grant_type="client_credentials", client=client)
        assert (await auth.tokens.IssueToken(request)).access_token
    _, output, _ = await admin(auth, "list-clients")
    (listed,) = map(json.loads, output.splitlines())
    assert (listed["name"], len(listed["secret_create_times"])) == (name, 2)
    assert first not in output

    missing = tmp_path / "missing.pem"
    status, _, errors = await admin(auth, "set-client-certificates", name, "--certificate", missing)
    assert (status, "cannot be read" in errors) == (1, True)
    assert (await admin(auth, "delete-client", name))[0] == 0
    assert await admin(auth, "list-clients") == (0, "", "")
    _, output, _ = await admin(auth, "create-client", "--display-name", "box", "--set-top-box")
    assert output.count("\n") == 1, "a set-top box keeps no secret"


async def test_an_administrator_takes_something_away(auth: Auth) -> None:
    await admin(auth, *GUANGSHUI)
    name = (await admin(auth, *LI))[1].splitlines()[0]
    why = ("--by", "captain Wu", "--reason", "left the force")
    for kind, subject, told in (
        ("ticket", "t1", "t1"),
        ("session", "s1", "s1"),
        ("camera", "uid1", "uid1"),
        ("principal", "li", name),
        ("principal", name, name),
    ):
        status, output, errors = await admin(auth, "revoke", kind, subject, *why)
        assert (status, errors) == (0, "")
        revoked = json.loads(output)
        assert (revoked["kind"], revoked["subject"]) == (kind.upper(), told)
    newest = (await auth.audit("change"))[0]
    assert (newest.event, newest.action, newest.detail) == ("change", "revoke", f"principal {name}")
    assert (newest.acting_person, newest.purpose) == ("captain Wu", "left the force")
    status, _, errors = await admin(auth, "revoke", "grant", "g1", *why)
    assert (status, errors) == (1, "snowlight: grant.not_found: there is no such grant or consent\n")
    status, _, errors = await admin(auth, "revoke", "principal", "principals/nobody", *why)
    assert (status, errors) == (1, "snowlight: auth.principal_unknown: there is no such principal\n")
    assert (await admin(auth, "revoke", "region", "x", *why))[0] == 2
