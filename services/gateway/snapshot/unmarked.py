"""Who may have a picture as a file."""

from services.gateway.viewing.use import TicketUse
from snowlight.errors import PermissionDeniedError


def require_unmarked(use: TicketUse) -> None:
    """Raises PermissionDeniedError where pictures must bear a mark: a player draws it, a file has none."""
    if use.claims.marked:
        raise PermissionDeniedError("snapshot.unmarked", "this right is for pictures that bear a mark")
