"""What happens by itself: consents and grants end, storage is asked to erase."""

import asyncio

import structlog

from services.auth.changes import record_change
from services.auth.consent.ending import expire_consent
from services.auth.consent.model import Erasure, ErasureState, GrantState
from services.auth.consent.repository import consents, erasures, grants, openings
from services.auth.consent.standing import note_grant
from services.auth.model import ITSELF, Actor
from services.auth.repository import revocations
from snowlight.api.storage.v1 import retention_pb2, retention_pb2_grpc
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import SnowlightError
from snowlight.rpc.status import remote_errors

INTERVAL_S = 1.0
BATCH = 100
CALL_TIMEOUT_S = 30.0
RETRY_MS = 2_000
"""While storage erases."""
RETRY_HELD_MS = 60_000
"""While a hold keeps something."""
RETRY_FAILED_MS = 10_000
_STATES = {
    retention_pb2.Erasure.PENDING: ErasureState.PENDING,
    retention_pb2.Erasure.HELD: ErasureState.HELD,
    retention_pb2.Erasure.DONE: ErasureState.DONE,
}

log = structlog.get_logger(__name__)


class Upkeep:
    """Several processes of auth may do this at once: each step is right when it is repeated."""

    def __init__(
        self, database: Database, storage: "retention_pb2_grpc.RetentionAsyncStub", clock: Clock
    ) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled. What fails is tried again."""
        failing = False
        while True:
            try:
                await self.end_what_is_over()
                await self.erase()
                failing = False
            except SnowlightError as error:
                if not failing:
                    log.warning("consent.upkeep_failed", error=error.code)
                failing = True
            await asyncio.sleep(INTERVAL_S)

    async def end_what_is_over(self) -> None:
        """Have running sessions end that rest on a consent or a grant whose time is over."""
        now_ms = self._clock.now_ms()
        async with self._database.read() as connection:
            ended = await consents.over(connection, now_ms, BATCH)
            over = await grants.over(connection, now_ms, BATCH)
        for consent in ended:
            async with self._database.write() as connection:
                await expire_consent(connection, consent, now_ms)
        for grant in over:
            async with self._database.write() as connection:
                if await grants.change(connection, grant, state=str(GrantState.EXPIRED)):
                    expired = str(GrantState.EXPIRED)
                    await note_grant(connection, Actor(ITSELF), now_ms, "grant.expire", grant, expired)
                    if grant.start_ms is not None:
                        await openings.remove(connection, grant.grant_id)
                        revocations.add(connection, revocations.Kind.GRANT, grant.grant_id, now_ms)

    async def erase(self) -> None:
        """Ask storage for what is due, one after the other."""
        async with self._database.read() as connection:
            due = await erasures.due(connection, self._clock.now_ms(), BATCH)
        for erasure in due:
            await self._erase(erasure)

    async def _erase(self, erasure: Erasure) -> None:
        request = retention_pb2.EraseFootageRequest(
            camera_uid=erasure.camera_uid, end_ms=erasure.until_ms, reason=erasure.name
        )
        now_ms = self._clock.now_ms()
        if erasure.state is ErasureState.PENDING and now_ms > erasure.due_ms:
            log.error("erasure.late", erasure=erasure.name, error=erasure.error)
        try:
            with remote_errors("services/storage"):
                answer = await self._storage.EraseFootage(request, timeout=CALL_TIMEOUT_S)
        except SnowlightError as error:
            log.warning("erasure.failed", erasure=erasure.name, error=error.code)
            async with self._database.write() as connection:
                await erasures.note(
                    connection, erasure.erasure_id, now_ms + RETRY_FAILED_MS, error=error.code
                )
            return
        state = _STATES.get(answer.state, ErasureState.PENDING)
        retry_ms = RETRY_HELD_MS if state is ErasureState.HELD else RETRY_MS
        async with self._database.write() as connection:
            await erasures.note(
                connection,
                erasure.erasure_id,
                now_ms + retry_ms,
                state=str(state),
                held_by=list(answer.held_by),
                remaining_objects=answer.remaining_objects,
                error=answer.error,
                done_ms=now_ms if state is ErasureState.DONE else None,
            )
            if state is not erasure.state:
                held = f" by {', '.join(answer.held_by)}" if answer.held_by else ""
                await record_change(
                    connection,
                    Actor(ITSELF),
                    "consent.erase",
                    f"{erasure.name} {state}{held}",
                    now_ms,
                    camera_uids=[erasure.camera_uid],
                )
