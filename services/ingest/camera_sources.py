"""Opens the sources of a process's cameras."""

from pathlib import Path

from services.ingest.camera import CameraSpec
from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.opening import open_source
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.source import Source


class CameraSources:
    """What is the same for all of them."""

    def __init__(self, network: SourceNetwork, media_dir: Path | None, rounds: ReadRounds) -> None:
        """`media_dir`: the only folder whose files may be played."""
        self._network = network
        self._media_dir = media_dir
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
