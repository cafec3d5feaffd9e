"""What auth has written down of rights that were taken away."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine


async def ended_sessions(database_url: str) -> list[str]:
    """Ids of the sessions that were told to be over, in order."""
    engine = create_async_engine(database_url)
    try:
        async with engine.connect() as connection:
            query = sa.text("SELECT subject FROM revocations WHERE kind = 'session' ORDER BY sequence")
            return list((await connection.execute(query)).scalars())
    finally:
        await engine.dispose()
