"""What the supervisor opens for each camera: its ring, and its sessions."""

from collections.abc import Callable, Mapping, Sequence

from services.ingest.camera import CameraSpec
from services.ingest.camera_sources import CameraSources
from services.ingest.keeping import Keeping
from services.ingest.media.ring import Ring
from services.ingest.observer import CameraObserver
from services.ingest.session import CameraSession, SessionParts
from services.ingest.supervisor import OpenSession

DISCONTINUITIES_UNWRITTEN = 100
"""How many sessions of one camera a run that was killed may have begun after its last write of the count."""


def ring_opener(cap_bytes: int, discontinuities: Mapping[str, int]) -> Callable[[str], Ring]:
    """`discontinuities`: by camera uid, the count that an earlier run wrote, maybe not its last."""

    def new_ring(uid: str) -> Ring:
        written = discontinuities.get(uid)
        return Ring(cap_bytes, 0 if written is None else written + DISCONTINUITIES_UNWRITTEN)

    return new_ring


def session_opener(sources: CameraSources, keeping: Keeping, parts: SessionParts) -> OpenSession:
    """Sessions that record as `keeping` does, in its epoch."""

    def open_session(
        spec: CameraSpec, ring: Ring, observer: CameraObserver, ahead: Sequence[tuple[int, int]]
    ) -> CameraSession:
        return CameraSession(
            spec,
            epoch=keeping.epoch,
            open_source=sources.open,
            parts=parts,
            ring=ring,
            observer=observer,
            ahead=ahead,
        )

    return open_session
