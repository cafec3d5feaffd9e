"""When a principal's rights have changed, as far as the feed tells."""

from snowlight.access.revocations import Revocation, Revocations
from snowlight.api.auth.v1 import revocation_pb2
from snowlight.clock import SystemClock


def test_a_principal_s_own_change_and_the_end_of_any_grant_count_and_nothing_else() -> None:
    clock = SystemClock()
    revocations = Revocations(clock)

    def told(sequence: int, kind: revocation_pb2.RevocationKind.ValueType, subject: str) -> None:
        revocations.add(Revocation(sequence, kind, subject, clock.now_ms()))

    assert revocations.principal_change("principals/a") == (0, 0)
    told(1, revocation_pb2.PRINCIPAL, "principals/a")
    told(2, revocation_pb2.PRINCIPAL, "principals/b")
    told(3, revocation_pb2.CAMERA, "principals/a")
    assert revocations.principal_change("principals/a") == (1, 1)
    told(4, revocation_pb2.GRANT, "grants/1")
    assert revocations.principal_change("principals/a") == revocations.principal_change("nobody") == (1, 4)
    revocations.start_over()
    told(1, revocation_pb2.PRINCIPAL, "principals/a")
    assert revocations.principal_change("principals/a") == (2, 1)
