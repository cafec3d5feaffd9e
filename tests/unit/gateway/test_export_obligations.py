"""What a right obliges to holds for files that somebody else had made, too."""

import pytest

from services.gateway.evidence.export_files import require_obliged
from snowlight.access.token import TicketClaims
from snowlight.api.storage.v1 import export_pb2
from snowlight.errors import PermissionDeniedError


def claims(*, silent: bool = False, marked: bool = False) -> TicketClaims:
    return TicketClaims("t", "principals/li", "cam", "export", 0, 1, 2, silent=silent, marked=marked)


def test_pictures_without_a_mark_and_sound_are_refused_to_who_may_not_have_them() -> None:
    plain = export_pb2.Rendering()
    require_obliged(plain, claims())
    with pytest.raises(PermissionDeniedError, match=r"export\.not_marked"):
        require_obliged(plain, claims(marked=True))
    with pytest.raises(PermissionDeniedError, match=r"export\.not_silent"):
        require_obliged(export_pb2.Rendering(silent_camera_uids=["other"]), claims(silent=True))
    made_so = export_pb2.Rendering(burn_in=True, silent_camera_uids=["cam"])
    require_obliged(made_so, claims(silent=True, marked=True))
