"""The gRPC face of retention policies."""

import re
from collections.abc import Callable
from typing import Any

from services.storage.erasure.erasure import Erasure
from services.storage.erasure.repository import ErasureRepository
from services.storage.retention.policies import PolicyRepository, message_of
from services.storage.retention.policy import DEFAULT, Policy
from services.storage.retention.preview import Preview
from services.storage.service.validation import check, check_uid
from snowlight.api.storage.v1 import retention_pb2, retention_pb2_grpc
from snowlight.clock import Clock
from snowlight.errors import FailedPreconditionError, NotFoundError

MAX_DAYS = 3650
MAX_BY = 200
_SKEW_MS = 60_000
"""Clocks of services may differ by so much."""

_NAME = re.compile(
    r"retentionPolicies/(?P<name>default|class-[1-3]|"
    r"region-([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}[0-9A-Za-z-]{0,20}))"
)


class RetentionService(retention_pb2_grpc.RetentionServicer):
    """`snowlight.api.storage.v1.Retention`."""

    def __init__(
        self,
        policies: PolicyRepository,
        preview: Preview,
        erasures: ErasureRepository,
        clock: Clock,
        erase: Callable[[], None],
    ) -> None:
        """`erase`: called when there is something new to be erased."""
        self._policies = policies
        self._preview = preview
        self._erasures = erasures
        self._clock = clock
        self._erase = erase

    async def GetRetentionPolicy(  # noqa: N802
        self, request: retention_pb2.GetRetentionPolicyRequest, context: Any
    ) -> retention_pb2.RetentionPolicy:
        name = _read_name(request.name, "name")
        for policy in await self._policies.list():
            if policy.name == name:
                return message_of(policy)
        raise _unknown(request.name)

    async def ListRetentionPolicies(  # noqa: N802
        self, request: retention_pb2.ListRetentionPoliciesRequest, context: Any
    ) -> retention_pb2.ListRetentionPoliciesResponse:
        return retention_pb2.ListRetentionPoliciesResponse(
            policies=map(message_of, await self._policies.list())
        )

    async def SetRetentionPolicy(  # noqa: N802
        self, request: retention_pb2.SetRetentionPolicyRequest, context: Any
    ) -> retention_pb2.RetentionPolicy:
        name, policy = _read_policy(request.policy)
        by = request.policy.updated_by
        check(by.isprintable() and len(by) <= MAX_BY, "policy.updated_by", f"at most {MAX_BY} characters")
        return message_of(await self._policies.set(name, policy, by))

    async def DeleteRetentionPolicy(  # noqa: N802
        self, request: retention_pb2.DeleteRetentionPolicyRequest, context: Any
    ) -> retention_pb2.DeleteRetentionPolicyResponse:
        name = _read_name(request.name, "name")
        if name == DEFAULT:
            raise FailedPreconditionError(
                "retention.default_policy", "the default policy can be set, not deleted", field="name"
            )
        if not await self._policies.delete(name):
            raise _unknown(request.name)
        return retention_pb2.DeleteRetentionPolicyResponse()

    async def PreviewRetention(  # noqa: N802
        self, request: retention_pb2.PreviewRetentionRequest, context: Any
    ) -> retention_pb2.PreviewRetentionResponse:
        if not request.HasField("policy"):
            return await self._preview.run({})
        if request.policy.days == 0:
            name = _read_name(request.policy.name, "policy.name")
            return await self._preview.run({name: None})
        name, policy = _read_policy(request.policy)
        return await self._preview.run({name: policy})

    async def EraseFootage(  # noqa: N802
        self, request: retention_pb2.EraseFootageRequest, context: Any
    ) -> retention_pb2.Erasure:
        check_uid(request.camera_uid, "camera_uid")
        check(request.start_ms >= 0, "start_ms", "start_ms must be ms since 1970 UTC")
        check(request.end_ms > request.start_ms, "end_ms", "end_ms must be after start_ms")
        now_ms = self._clock.now_ms()
        check(request.end_ms <= now_ms + _SKEW_MS, "end_ms", "end_ms must not lie in the future")
        reason = request.reason.strip()
        check(
            bool(reason) and reason.isprintable() and len(reason) <= MAX_BY,
            "reason",
            f"reason must have 1 to {MAX_BY} characters",
        )
        wanted = Erasure(request.camera_uid, request.start_ms, request.end_ms, reason, now_ms)
        erasure = await self._erasures.add(wanted)
        self._erase()
        return erasure.message()


def _read_policy(message: retention_pb2.RetentionPolicy) -> tuple[str, Policy]:
    name = _read_name(message.name, "policy.name")
    check(1 <= message.days <= MAX_DAYS, "policy.days", f"days must be 1 to {MAX_DAYS}")
    check(
        0 <= message.minimum_days <= message.days,
        "policy.minimum_days",
        f"minimum_days must be 1 to {message.days} (days), or 0 for that",
    )
    return name, Policy(message.days, message.minimum_days)


def _read_name(name: str, field: str) -> str:
    match = _NAME.fullmatch(name)
    check(
        match is not None,
        field,
        "name must be retentionPolicies/default, retentionPolicies/class-{1-3} or "
        "retentionPolicies/region-{code}",
    )
    assert match is not None
    return match["name"]


def _unknown(name: str) -> NotFoundError:
    return NotFoundError("retention.policy_unknown", f"there is no {name}", field="name")
