"""What the supervisor opens for each camera: its ring, and its sessions."""

from collections.abc import Callable, Mapping, Sequence

from services.ingest.camera import CameraSpec
from services.ingest.camera_sources import CameraSources
from services.ingest.media.ring import Ring
from services.ingest.observer import CameraObserver
from services.ingest.publishing.address import SOURCE_URL
from services.ingest.publishing.desk import PublishDesk
from services.ingest.publishing.published import PublishedSession, PublishedSource
from services.ingest.session import CameraSession, SessionParts
from services.ingest.sources.source import Source, SourceError
from services.ingest.standby.standby import Standby
from services.ingest.supervised import OpenSession, OpenStandby, Session

DISCONTINUITIES_UNWRITTEN = 100
"""How many sessions of one camera a run that was killed may have begun after its last write of the count."""


def ring_opener(cap_bytes: int, discontinuities: Mapping[str, int]) -> Callable[[str], Ring]:
    """`discontinuities`: by camera uid, the count that an earlier run wrote, maybe not its last."""

    def new_ring(uid: str) -> Ring:
        written = discontinuities.get(uid)
        return Ring(cap_bytes, 0 if written is None else written + DISCONTINUITIES_UNWRITTEN)

    return new_ring


def session_opener(
    sources: CameraSources, parts: SessionParts, epoch_of: Callable[[str], int], desk: PublishDesk
) -> OpenSession:
    """`epoch_of`: by a camera's uid. Cameras that publish are given a seat at `desk`."""

    def open_session(
        spec: CameraSpec,
        ring: Ring,
        observer: CameraObserver,
        ahead: Sequence[tuple[int, int]],
        first: Source | None = None,
    ) -> Session:
        seat = desk.seat_of(spec)
        begun = [] if first is None else [first]

        def open_source(spec: CameraSpec) -> Source:
            if seat is not None:
                return PublishedSource(seat)
            return begun.pop() if begun else sources.open(spec)

        session = CameraSession(
            spec,
            epoch=epoch_of(spec.uid),
            open_source=open_source,
            parts=parts,
            ring=ring,
            observer=observer,
            ahead=ahead,
            arrival=seat.arrival if seat is not None else None,
        )
        return session if seat is None else PublishedSession(session, seat, desk)

    return open_session


def standby_opener(sources: CameraSources, now_ms: Callable[[], float]) -> OpenStandby:
    """`now_ms`: the wall clock of arrivals."""

    def open_standby(spec: CameraSpec) -> Standby | None:
        if spec.source_url == SOURCE_URL:
            return None
        try:
            return Standby(spec, sources.open(spec), now_ms)
        except SourceError:
            return None

    return open_standby
