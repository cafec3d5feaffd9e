"""A consent or grant that the administrator's tool ends, whoever gave it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.consent.model import ConsentState, GrantState
from services.auth.consent.repository import consents, grants, openings
from services.auth.model import ADMINISTRATOR
from snowlight.errors import NotFoundError


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
