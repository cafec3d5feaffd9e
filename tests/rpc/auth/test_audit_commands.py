"""Commands that another service carries out: on record with auth before it does."""

from typing import Any

import pytest

from snowlight.api.auth.v1 import audit_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.cluster import Auth

HOLD: dict[str, Any] = {
    "action": "hold",
    "camera_uids": ["one", "two"],
    "purpose": "2023-0117",
    "detail": "a hold is made: theft",
    "acting_person": "wang",
}


async def test_a_command_is_on_record_once_for_each_camera(auth: Auth) -> None:
    request = audit_pb2.RecordCommandRequest(**HOLD)
    request.window_start.FromMilliseconds(1_700_000_000_000)
    request.window_end.FromMilliseconds(1_700_000_060_000)
    await auth.audit_log.RecordCommand(request)
    records = await auth.audit("change")
    assert [record.camera_uid for record in records] == ["two", "one"]
    for record in records:
        assert (record.action, record.principal, record.acting_person) == ("hold", "services/admin", "wang")
        assert (record.purpose, record.detail) == (HOLD["purpose"], HOLD["detail"])
        assert record.window_end.ToMilliseconds() - record.window_start.ToMilliseconds() == 60_000


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("action", {"action": "live"}),
        ("action", {"action": ""}),
        ("camera_uids", {"camera_uids": ["one/two"]}),
        ("camera_uids", {"camera_uids": ["one"] * 1001}),
        ("purpose", {"purpose": "a\x07b"}),
        ("detail", {"detail": " "}),
        ("detail", {"detail": "x" * 2001}),
        ("acting_person", {"acting_person": ""}),
    ],
)
async def test_what_is_wrong_with_a_command_is_named(
    auth: Auth, field: str, change: dict[str, object]
) -> None:
    request = audit_pb2.RecordCommandRequest(**(HOLD | change))
    with pytest.raises(InvalidArgumentError) as refused, remote_errors("services/auth"):
        await auth.audit_log.RecordCommand(request)
    assert refused.value.field == field
    assert await auth.audit("change") == []
