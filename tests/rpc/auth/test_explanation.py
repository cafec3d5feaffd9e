"""Why somebody may do something or may not, as auth explains it."""

from typing import Any

import pytest

from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import SnowlightError
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.delegating import COUNTY, PROVINCE, TOWN, told

pytestmark = pytest.mark.usefixtures("pingyi")


async def test_an_explanation_names_policies_and_facts_and_leaves_no_record(auth: Auth) -> None:
    officer = await auth.add_person("officer", auth_pb2.VIEWER, scope=TOWN, line=auth_pb2.POLICE)
    request = auth_pb2.ExplainDecisionRequest(principal=officer.name, action="playback", camera_uid="gate")
    denied = await told(auth.directory.ExplainDecision(request))
    assert (denied.allowed, denied.reason) == (False, "auth.incident_required")
    assert [policy.policy for policy in denied.policies] == ["limit.incident"]
    assert denied.policies[0].english and denied.policies[0].chinese
    assert f"line=police tier=4 roles=viewer scope=regions/{TOWN}" in denied.principal_facts
    assert (
        f"ownership=public owner=- operator=- listed=false deleted=false in={TOWN}<{COUNTY}<{PROVINCE}"
        == (denied.resource_facts)
    )
    request.purpose = "案件 20261126001"
    assert (await told(auth.directory.ExplainDecision(request))).allowed
    assert not await auth.audit()
    for wrong, field in (
        ({"principal": "principals/nobody"}, "principal"),
        ({"action": "fly"}, "action"),
        ({"camera_uid": "nowhere"}, "camera_uid"),
    ):
        with pytest.raises(SnowlightError) as raised:
            fields: dict[str, Any] = {
                "principal": officer.name,
                "action": "live",
                "camera_uid": "gate",
            } | wrong
            await told(auth.directory.ExplainDecision(auth_pb2.ExplainDecisionRequest(**fields)))
        assert raised.value.field == field
