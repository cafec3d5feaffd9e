"""Consents and grants that end before their time, whoever gave them."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.changes import record_change
from services.auth.consent.model import Consent, ConsentState, GrantState
from services.auth.consent.repository import consents, grants, openings
from services.auth.model import ADMINISTRATOR, ITSELF, Actor, CameraFacts
from services.auth.repository import revocations
from snowlight.errors import NotFoundError


async def expire_consent(connection: AsyncConnection, consent: Consent, now_ms: int, why: str = "") -> None:
    """It is over by itself, unless it was renewed or withdrawn since it was read."""
    if not await consents.expire(connection, consent):
        return
    await openings.remove(connection, consent.consent_id)
    await record_change(
        connection,
        Actor(ITSELF),
        "consent.expire",
        f"{consent.name} {ConsentState.EXPIRED}{why}",
        now_ms,
        camera_uids=[consent.camera_uid],
    )
    revocations.add(connection, revocations.Kind.GRANT, consent.consent_id, now_ms)


async def end_of_former_owners(
    connection: AsyncConnection, cameras: Mapping[str, CameraFacts], now_ms: int
) -> None:
    """End the consents for these cameras of who is their owner no more: for good, should they be it again."""
    owners = {uid: camera.owner for uid, camera in cameras.items()}
    for consent in await consents.of_others(connection, owners):
        await expire_consent(connection, consent, now_ms, ": the camera is another's")


async def end_grant(connection: AsyncConnection, grant_id: str, now_ms: int) -> None:
    """It opens nothing from now on. Raises NotFoundError when there is no such consent or grant."""
    consent = await consents.find(connection, grant_id)
    grant = await grants.find(connection, grant_id, lock=True)
    if consent is None and grant is None:
        raise NotFoundError("grant.not_found", "there is no such grant or consent", field="subject")
    if consent is not None and consent.state is ConsentState.ACTIVE:
        await consents.change(
            connection,
            grant_id,
            state=str(ConsentState.WITHDRAWN),
            withdrawn_by=ADMINISTRATOR,
            withdraw_ms=now_ms,
        )
    if grant is not None and grant.state in (GrantState.REQUESTED, GrantState.APPROVED):
        await grants.change(connection, grant, state=str(GrantState.REVOKED), end_ms=now_ms)
    await openings.remove(connection, grant_id)
