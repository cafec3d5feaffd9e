"""Opens the sources of a process's cameras."""

from services.ingest.camera import CameraSpec
from services.ingest.config import IngestSettings
from services.ingest.sources.network import SourceNetwork, trusting
from services.ingest.sources.opening import open_source
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.source import Source


class CameraSources:
    """What is the same for all of them."""

    def __init__(self, settings: IngestSettings, rounds: ReadRounds) -> None:
        self._network = SourceNetwork(settings.source_networks, tls=trusting(settings.source_authorities))
        self._media_dir = settings.media_dir
        self._rounds = rounds

    def open(self, camera: CameraSpec) -> Source:
        """Nothing is connected yet. Raises SourceError for a URL that cannot be played."""
        return open_source(
            camera.source_url,
            camera.credentials,
            audio=camera.audio,
            network=self._network,
            media_dir=self._media_dir,
            rounds=self._rounds,
        )
