"""What a public camera may not do while its dossier does not say why."""

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.dossier import AUDIO_REASON, missing, takes_audio
from snowlight.errors import FailedPreconditionError, InvalidArgumentError


def check_completeness(
    camera: camera_pb2.Camera,
    before: camera_pb2.Camera | None,
    *,
    audio_given: bool,
    require_dossier: bool,
) -> None:
    """Refuse what a change would make incomplete; what was so `before` (None: it is new) may stay, but that
    its audio is not turned on once more (`audio_given`).

    Without `require_dossier` nothing is refused. With it raises InvalidArgumentError("audio") for the sound
    of a public camera without a reason, and FailedPreconditionError for enabling one whose dossier is
    incomplete, naming what it lacks.
    """
    if not require_dossier:
        return
    stays = before is not None and _lacks_audio_reason(before) and not audio_given
    if _lacks_audio_reason(camera) and not stays:
        raise InvalidArgumentError(
            "camera.audio_reason_missing",
            f"of a public camera can be on only where dossier.{AUDIO_REASON} says why",
            field="audio",
        )
    if not _is_enabled_incomplete(camera):
        return
    if before is None or not _is_enabled_incomplete(before):
        raise FailedPreconditionError(
            "camera.dossier_incomplete",
            f"a public camera is enabled once its dossier is complete; missing: {', '.join(missing(camera))}",
            field="enabled",
        )


def _lacks_audio_reason(camera: camera_pb2.Camera) -> bool:
    return camera.audio and not takes_audio(camera)


def _is_enabled_incomplete(camera: camera_pb2.Camera) -> bool:
    return camera.enabled and bool(missing(camera))
