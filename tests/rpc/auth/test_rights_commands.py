"""`snowlight admin explain`, and the commands that change rights."""

import json

from snowlight.api.auth.v1 import auth_pb2
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.test_admin import GUANGSHUI, LI, admin


async def test_an_operator_is_told_why(auth: Auth) -> None:
    await admin(auth, *GUANGSHUI)
    await admin(auth, *LI)
    await auth.registry.put("gate", "421381")
    status, output, errors = await admin(auth, "explain", "li", "live", "gate")
    assert (status, errors) == (0, "")
    verdict, policy, principal, resource = output.splitlines()
    assert verdict == "denied: auth.auditor_no_pictures"
    assert policy.startswith("  limit.auditor: Auditors see who looked, not what they saw. 审计员")
    assert principal.startswith("principal: kind=person line=government tier=3 roles=admin,auditor")
    assert resource.endswith("in=421381")
    _, output, _ = await admin(auth, "explain", "li", "camera.manage", "regions/421381")
    assert output.startswith("allowed: auth.allowed\n  government.operator.manage: ")
    status, _, errors = await admin(auth, "explain", "nobody", "live", "gate")
    assert (status, errors) == (1, "snowlight: auth.principal_unknown: nobody signs in as nobody\n")
    status, _, errors = await admin(auth, "explain", "principals/nobody", "live", "gate")
    assert (status, errors) == (1, "snowlight: auth.principal_unknown: there is no such principal\n")
    status, _, errors = await admin(auth, "explain", "li", "fly", "gate")
    assert (status, errors.startswith("snowlight: request.invalid: action must be one of camera.read")) == (
        1,
        True,
    )


async def test_rights_are_changed_shared_and_ended_from_the_command_line(auth: Auth) -> None:
    await admin(auth, *GUANGSHUI)
    await admin(auth, *LI)
    await auth.add_region("42", auth_pb2.PROVINCE)
    await auth.add_person("guest", auth_pb2.VIEWER, scope="42")
    await auth.registry.put("gate", "421381")
    status, output, errors = await admin(
        auth, "update-principal", "--username", "li", "--role", "viewer", "--disable"
    )
    assert (status, errors) == (0, "")
    changed = json.loads(output)
    assert (changed["roles"], changed["disabled"]) == (["VIEWER"], True)
    by_name = await admin(auth, "update-principal", "--username", changed["name"])
    assert by_name == (0, output, "")

    made = ("create-jurisdiction", "--display-name", "春运", "--region", "421381", "--camera", "gate")
    status, output, errors = await admin(auth, *made, "--member", "guest", "--reason", "春运保障")
    assert (status, errors) == (0, "")
    name = output.strip()
    _, output, _ = await admin(auth, "list-jurisdictions")
    assert json.loads(output)["name"] == name
    _, output, _ = await admin(auth, "explain", "guest", "live", "gate")
    assert output.startswith("allowed")
    assert await admin(auth, "delete-jurisdiction", name) == (0, "", "")
    _, output, _ = await admin(auth, "explain", "guest", "live", "gate")
    assert output.startswith("denied: auth.outside_scope")
    status, _, errors = await admin(
        auth, *made, "--member", "guest", "--reason", "x", "--expire", "2020-01-01"
    )
    assert (status, "expire_time must lie in the future" in errors) == (1, True)
