"""Device codes that wait to be let in."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.tables.sign_in import device_codes
from snowlight.on_conflict import conflict_insert


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A device that asks to be let in. `approved` is None until somebody, `principal_id`, has decided."""

    sha256: bytes
    user_code: str
    client_id: str
    remote_address: str
    create_ms: int
    expire_ms: int
    interval_s: int
    poll_ms: int
    approved: bool | None = None
    principal_id: str | None = None


async def add(connection: AsyncConnection, code: DeviceCode) -> bool:
    """Whether the code was added; False when its user code waits already."""
    statement = (
        conflict_insert(connection, device_codes)
        .values(
            device_sha256=code.sha256,
            user_code=code.user_code,
            client_id=code.client_id,
            remote_address=code.remote_address,
            create_ms=code.create_ms,
            expire_ms=code.expire_ms,
            interval_s=code.interval_s,
            poll_ms=code.poll_ms,
        )
        .on_conflict_do_nothing(index_elements=["user_code"])
    )
    return (await connection.execute(statement)).rowcount == 1


async def count(connection: AsyncConnection) -> int:
    """How many are kept."""
    return int((await connection.execute(sa.select(sa.func.count()).select_from(device_codes))).scalar_one())


async def find(connection: AsyncConnection, sha256: bytes) -> DeviceCode | None:
    """The device's code, or None. Until the transaction ends, nobody else changes it."""
    return await _find(connection, device_codes.c.device_sha256 == sha256)


async def find_by_user_code(connection: AsyncConnection, user_code: str) -> DeviceCode | None:
    """The code that a person types, or None."""
    return await _find(connection, device_codes.c.user_code == user_code)


async def note_poll(connection: AsyncConnection, sha256: bytes, *, poll_ms: int, interval_s: int) -> None:
    """Note when the device asked, and how long it must wait from now on."""
    await connection.execute(
        sa.update(device_codes)
        .where(device_codes.c.device_sha256 == sha256)
        .values(poll_ms=poll_ms, interval_s=interval_s)
    )


async def decide(connection: AsyncConnection, sha256: bytes, principal_id: str, *, approved: bool) -> bool:
    """Whether the decision counts: False when somebody has decided before."""
    decided = await connection.execute(
        sa.update(device_codes)
        .where(device_codes.c.device_sha256 == sha256, device_codes.c.approved.is_(None))
        .values(approved=approved, principal_id=principal_id)
    )
    return decided.rowcount == 1


async def remove(connection: AsyncConnection, sha256: bytes) -> None:
    """Forget a code."""
    await connection.execute(sa.delete(device_codes).where(device_codes.c.device_sha256 == sha256))


async def remove_expired(connection: AsyncConnection, before_ms: int) -> None:
    """Forget the codes that expired before `before_ms`."""
    await connection.execute(sa.delete(device_codes).where(device_codes.c.expire_ms <= before_ms))


async def _find(connection: AsyncConnection, which: sa.ColumnElement[bool]) -> DeviceCode | None:
    row = (await connection.execute(sa.select(device_codes).where(which).with_for_update())).one_or_none()
    if row is None:
        return None
    return DeviceCode(
        sha256=row.device_sha256,
        user_code=row.user_code,
        client_id=row.client_id,
        remote_address=row.remote_address,
        create_ms=row.create_ms,
        expire_ms=row.expire_ms,
        interval_s=row.interval_s,
        poll_ms=row.poll_ms,
        approved=row.approved,
        principal_id=row.principal_id,
    )
