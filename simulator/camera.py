"""One camera of the village: what it shows, who may see it and what is wrong with it."""

from dataclasses import dataclass, field, replace
from urllib.parse import quote

from simulator.faults import Faults
from simulator.loop.parameters import LoopParameters
from simulator.rtsp.authentication import Credentials


@dataclass(frozen=True, slots=True)
class Camera:
    """path: of its URL, without a leading slash; unique in a server. session_timeout: seconds."""

    path: str
    picture: LoopParameters
    credentials: Credentials | None = None
    faults: Faults = field(default_factory=Faults)
    session_timeout: int = 60

    def url(self, host: str, port: int) -> str:
        """rtsp URL with the credentials in it."""
        user = ""
        if self.credentials is not None:
            user = f"{quote(self.credentials.username, safe='')}:{quote(self.credentials.password, safe='')}@"
        return f"rtsp://{user}{host}:{port}/{self.path}"

    @property
    def loops(self) -> tuple[LoopParameters, ...]:
        """The loops it needs: one, or the full and the half picture where the resolution changes."""
        if not self.faults.resolution_change:
            return (self.picture,)
        half = replace(self.picture, width=self.picture.width // 4 * 2, height=self.picture.height // 4 * 2)
        return (self.picture, half)
