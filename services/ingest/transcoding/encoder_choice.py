"""Which encoders a transcoding process tries, until one is known that opens on this machine."""

import structlog

from services.ingest.transcoding.encoders import HARDWARE, SOFTWARE

log = structlog.get_logger(__name__)


class EncoderChoice:
    """`chosen`: the setting."""

    def __init__(self, chosen: str) -> None:
        self._live: tuple[str, ...] = (*HARDWARE, SOFTWARE) if chosen == "auto" else (chosen,)
        self._recorded = SOFTWARE if chosen == "auto" else chosen
        self._known = chosen != "auto"

    @property
    def live(self) -> tuple[str, ...]:
        """To be tried in this order."""
        return self._live

    @property
    def recorded(self) -> tuple[str, ...]:
        """The one of footage whose segments are encoded by many processes, on several machines, under one
        init section: parameter sets of one encoder are not another's."""
        return (self._recorded,)

    def on_encoder(self, name: str | None) -> None:
        """It opened for live pictures. None: what tried them all out has been killed by that, or hung.
        The hardware is left alone from now on."""
        if self._known:
            return
        self._known = True
        if name is None:
            log.warning("transcode.encoder_failed", tried=self._live)
        else:
            log.info("transcode.encoder", name=name)
        self._live = (SOFTWARE,) if name in (None, SOFTWARE) else (str(name), SOFTWARE)
