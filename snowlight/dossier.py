"""What a public camera's dossier has to say ("one camera, one dossier"), and what follows if it does not."""

from snowlight.api.ingest.v1 import camera_pb2

LEGAL_BASIS = "legal_basis"
"""By what law or decision the camera is there."""
SIGN = "sign"
"""Where the sign hangs that tells of the camera, or a reference to its photograph."""
SITING_APPROVAL = "siting_approval"
"""Who approved the place, and when."""
AUDIO_REASON = "audio_reason"
"""Why sound is recorded. Without it none is."""
REQUIRED = (LEGAL_BASIS, SIGN, SITING_APPROVAL)


def missing(camera: camera_pb2.Camera) -> list[str]:
    """What is missing, `managing_unit` and keys of the dossier; nothing for a camera that is not public."""
    if camera.ownership != camera_pb2.PUBLIC:
        return []
    lacking = [] if camera.managing_unit.strip() else ["managing_unit"]
    lacking += [key for key in REQUIRED if not camera.dossier.get(key, "").strip()]
    if camera.audio and not camera.dossier.get(AUDIO_REASON, "").strip():
        lacking.append(AUDIO_REASON)
    return lacking


def takes_audio(camera: camera_pb2.Camera) -> bool:
    """Sound is recorded: it is on, and a public camera's dossier says why."""
    return camera.audio and AUDIO_REASON not in missing(camera)
