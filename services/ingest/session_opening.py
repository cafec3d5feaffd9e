"""Sessions for the supervisor, with all they need."""

from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from services.ingest.camera import CameraSpec
from services.ingest.config import IngestSettings
from services.ingest.keeping import Keeping
from services.ingest.media.ring import Ring
from services.ingest.observer import CameraObserver
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.record import CameraRecord
from services.ingest.session import CameraSession, SessionParts
from services.ingest.sources.network import SourceNetwork, trusting
from services.ingest.sources.opening import open_source
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.source import Source
from services.ingest.supervisor import OpenSession
from snowlight.runtime import Runtime

DISCONTINUITIES_UNWRITTEN = 100
"""How many sessions of one camera a run that was killed may have begun after its last write of the count."""


def spec_of(record: CameraRecord, cameras: Cameras) -> CameraSpec:
    """What the session of a camera is to know of it."""
    return CameraSpec(
        uid=record.uid,
        name=record.name,
        source_url=record.source_url,
        credentials=cameras.credentials(record),
        audio=cameras.takes_audio(record),
        camera_class=record.camera_class,
        schedule=record.schedule,
    )


def ring_opener(cap_bytes: int, discontinuities: Mapping[str, int]) -> Callable[[str], Ring]:
    """`discontinuities`: by camera uid, the count that an earlier run wrote, maybe not its last."""

    def new_ring(uid: str) -> Ring:
        written = discontinuities.get(uid)
        return Ring(cap_bytes, 0 if written is None else written + DISCONTINUITIES_UNWRITTEN)

    return new_ring


def session_opener(
    runtime: Runtime,
    settings: IngestSettings,
    keeping: Keeping,
    epoch_of: Callable[[str], int],
    skew_ms: Callable[[], int],
    may_record: Callable[[], bool],
) -> OpenSession:
    """`epoch_of`: by a camera's uid. `skew_ms`: the database's clock minus ours. `may_record`: as `Footage`
    takes it."""
    parts = SessionParts.create(
        runtime.clock,
        keeping.spool,
        keeping.uploads.is_store_out,
        ZoneInfo(runtime.cluster.time_zone),
        skew_ms,
        may_record=may_record,
    )
    rounds = ReadRounds()
    network = SourceNetwork(settings.source_networks, tls=trusting(settings.source_authorities))

    def source_of(spec: CameraSpec) -> Source:
        return open_source(
            spec.source_url,
            spec.credentials,
            audio=spec.audio,
            network=network,
            media_dir=settings.media_dir,
            rounds=rounds,
        )

    def open_session(
        spec: CameraSpec, ring: Ring, observer: CameraObserver, ahead: Sequence[tuple[int, int]]
    ) -> CameraSession:
        return CameraSession(
            spec,
            epoch=epoch_of(spec.uid),
            open_source=source_of,
            parts=parts,
            ring=ring,
            observer=observer,
            ahead=ahead,
        )

    return open_session
