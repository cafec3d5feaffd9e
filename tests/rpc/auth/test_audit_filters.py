"""What of the audit is asked for, and which questions are refused."""

from typing import Any

import pytest

from snowlight.api.auth.v1 import audit_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.audit_log import auditor, cameras_of, look, page
from tests.rpc.auth.cluster import Auth

pytestmark = pytest.mark.usefixtures("two_counties")


async def test_filters_narrow_together(auth: Auth) -> None:
    await look(auth, "viewer371326", "gate-371326")
    await look(auth, "root", "gate-371326", "export")
    await look(auth, "root", "gate-371327", "export")
    (root,) = {r.principal for r in (await page(auth, action="export")).records}
    assert await actions(auth, principal=root) == ["export", "export"]
    assert await actions(auth, camera_uid="gate-371326") == ["export", "live"]
    assert await actions(auth, camera_uid="gate-371326", principal=root) == ["export"]
    assert await actions(auth, action="live") == ["live"]
    token = await auditor(auth, "371327")
    assert await cameras_of(auth, token, action="export", principal=root) == ["gate-371327"]
    last, middle, first = [record for record in (await page(auth)).records if record.event == "decision"]
    looked = {"camera_uid": "gate-371326"}
    assert await actions(auth, start=middle.time, **looked) == ["export"]
    assert await actions(auth, end=middle.time, **looked) == ["live"]
    assert await actions(auth, start=first.time, end=middle.time, **looked) == ["live"]
    assert await actions(auth, start=last.time, **looked) == []


async def actions(auth: Auth, **wanted: Any) -> list[str]:
    return [record.action for record in (await page(auth, **wanted)).records]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"token": "YWJj"}, "page_token"),
        ({"token": "MTIz/w"}, "page_token"),
        ({"size": -1}, "page_size"),
        ({"camera_uid": "a/b"}, "camera"),
        ({"camera_uid": "x" * 65}, "camera"),
        ({"principal": "li"}, "principal"),
        ({"action": "DROP TABLE"}, "action"),
        ({"action": "a" * 65}, "action"),
        ({"start": {"seconds": -1}}, "start"),
        ({"start": {"seconds": 5}, "end": {"seconds": 5}}, "end"),
        ({"reader": audit_pb2.AuditReader()}, "reader"),
        ({"reader": audit_pb2.AuditReader(whole=False)}, "reader"),
    ],
)
async def test_what_is_malformed_is_refused_by_its_name(
    auth: Auth, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        await page(auth, **fields)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"from_day": "2026-13-01"}, "from_day"),
        ({"to_day": "yesterday"}, "to_day"),
        ({"from_day": "2026-01-02", "to_day": "2026-01-01"}, "to_day"),
        ({"from_day": "1969-12-31"}, "from_day"),
    ],
)
async def test_days_that_are_none_are_refused(auth: Auth, fields: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidArgumentError) as raised, remote_errors("services/auth"):
        async for _ in auth.audit_log.VerifyAudit(audit_pb2.VerifyAuditRequest(**fields)):
            pass
    assert raised.value.field == field
    with pytest.raises(InvalidArgumentError) as raised, remote_errors("services/auth"):
        await auth.audit_log.GetAuditHead(audit_pb2.GetAuditHeadRequest(day="2999-01-01"))
    assert raised.value.field == "day"
