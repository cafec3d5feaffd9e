"""What receives: cameras' sessions, and the renditions beside them, put together."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.ingest.camera_sources import CameraSources
from services.ingest.camera_specs import main_spec, sub_spec
from services.ingest.config import IngestSettings
from services.ingest.keeping import Keeping
from services.ingest.pace import Pace
from services.ingest.publishing.desk import PublishDesk
from services.ingest.registry.cameras import Cameras
from services.ingest.registry.feed import CameraFeed
from services.ingest.registry.record import CameraRecord
from services.ingest.renditions.metrics import RenditionMetrics
from services.ingest.renditions.renditions import Renditions
from services.ingest.renditions.sub import SubStreams
from services.ingest.renditions.transcoded import TranscodedStreams
from services.ingest.service.viewers import Viewers
from services.ingest.session import SessionParts
from services.ingest.session_opening import ring_opener, session_opener, standby_opener
from services.ingest.shards.membership import Membership
from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.status.board import StatusBoard
from services.ingest.stores.placement import Placement
from services.ingest.supervisor import Supervisor
from services.ingest.transcoding.pool import TranscodingPool
from snowlight.readiness import Readiness
from snowlight.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Receiving:
    """Both are to be run."""

    supervisor: Supervisor
    renditions: Renditions


def build_receiving(
    runtime: Runtime,
    settings: IngestSettings,
    feed: CameraFeed,
    cameras: Cameras,
    board: StatusBoard,
    placement: Placement,
    keeping: Keeping,
    membership: Membership,
    readiness: Readiness,
    network: SourceNetwork,
    rounds: ReadRounds,
    desk: PublishDesk,
    viewers: Viewers,
    transcoding: TranscodingPool,
    discontinuities: dict[str, int],
) -> Receiving:
    """`discontinuities`: the last sequence number of each camera that this database knows."""
    terms, fence = membership.terms, membership.fence
    sources = CameraSources(network, settings.media_dir, rounds)
    pace = Pace(settings.sessions_per_second, settings.site_sessions_per_second)
    parts = SessionParts.create(
        runtime.clock,
        keeping.spool,
        keeping.uploads.is_store_out,
        ZoneInfo(runtime.cluster.time_zone),
        lambda: readiness.skew_ms,
        pace,
        may_record=lambda: fence.is_open,
    )
    renditions = Renditions(
        board,
        lambda uid: supervisor.ring(uid),  # noqa: PLW0108 - it is made below
        SubStreams(parts, sources.open),
        TranscodedStreams(transcoding),
        RenditionMetrics(runtime.registry),
        ring_bytes=settings.ring_bytes,
        linger_s=settings.rendition_linger_seconds,
    )

    def on_record(record: CameraRecord) -> None:
        placement.place(record.uid, record.region)
        renditions.set_sub(record.uid, sub_spec(record, cameras))

    def on_dark(uid: str) -> None:
        renditions.drop(uid)
        viewers.end(uid)

    supervisor = Supervisor(
        feed=feed,
        board=board,
        clock=runtime.clock,
        pace=pace,
        spec_of=lambda record: main_spec(record, cameras),
        new_ring=ring_opener(settings.ring_bytes, discontinuities),
        open_session=session_opener(sources, parts, terms.epoch_of, desk),
        open_standby=standby_opener(sources, parts.wall.now_ms),
        recorded=keeping.recorded,
        on_record=on_record,
        on_dark=on_dark,
        seen=discontinuities.keys(),
        owns=terms.has,
    )
    return Receiving(supervisor, renditions)
