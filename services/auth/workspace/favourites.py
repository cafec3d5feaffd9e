"""Keeps favourite cameras."""

from dataclasses import replace

from services.auth.consent.checks import changed_meanwhile
from services.auth.repository import favourites
from services.auth.validation import check_id, invalid
from services.auth.workspace.model import Favourites
from services.auth.workspace.sharing import load_active
from snowlight.access.token import AccessClaims
from snowlight.api.auth.v1 import workspace_pb2
from snowlight.database import Database

MAX_FAVOURITES = 500


class FavouriteDesk:
    """Takes and gives out favourites."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, claims: AccessClaims) -> Favourites:
        """The caller's."""
        async with self._database.read() as connection:
            principal = await load_active(connection, claims, writes=False)
            return await favourites.of(connection, principal.name)

    async def put(self, claims: AccessClaims, draft: workspace_pb2.Favourites) -> Favourites:
        """Replace them. Raises InvalidArgumentError naming the field, and AbortedError when `etag` is given
        and not the newest."""
        wanted = Favourites(_checked(draft))
        async with self._database.write() as connection:
            principal = await load_active(connection, claims, writes=True)
            before = await favourites.of(connection, principal.name)
            if draft.etag and draft.etag != str(before.version):
                raise changed_meanwhile("favourites")
            if not await favourites.put(connection, principal.name, wanted, before.version):
                raise changed_meanwhile("favourites")
        return replace(wanted, version=before.version + 1)


def _checked(draft: workspace_pb2.Favourites) -> tuple[str, ...]:
    if len(draft.camera_uids) > MAX_FAVOURITES:
        raise invalid("camera_uids", f"must be at most {MAX_FAVOURITES}")
    seen: set[str] = set()
    for position, uid in enumerate(draft.camera_uids):
        check_id(uid, f"camera_uids[{position}]")
        if uid in seen:
            raise invalid(f"camera_uids[{position}]", "is there twice")
        seen.add(uid)
    return tuple(draft.camera_uids)
