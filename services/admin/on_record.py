"""Commands that another service than auth carries out, put on record with auth before it does.

So footage is not held, let go or taken out by the command line without a word of it in the audit. A
command that is refused later stays on record as one that was given.
"""

from collections.abc import Sequence

from services.admin.peers import AUTH
from snowlight.api.auth.v1 import audit_pb2, audit_pb2_grpc
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime

TIMEOUT_S = 30.0


async def put_on_record(
    runtime: Runtime,
    action: str,
    detail: str,
    *,
    by: str,
    purpose: str = "",
    camera_uids: Sequence[str] = (),
    window_ms: tuple[int, int] | None = None,
) -> None:
    """Have auth write down that `by` ordered `detail`.

    Raises UnavailableError when auth does not answer: what cannot be put on record is not done.
    """
    request = audit_pb2.RecordCommandRequest(
        action=action,
        camera_uids=camera_uids,
        purpose=purpose,
        detail=detail,
        acting_person=by,
    )
    if window_ms is not None:
        request.window_start.FromMilliseconds(window_ms[0])
        request.window_end.FromMilliseconds(window_ms[1])
    async with runtime.channel(runtime.cluster.auth_address) as channel:
        stub: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(channel)
        with remote_errors(AUTH):
            await stub.RecordCommand(request, timeout=TIMEOUT_S)
