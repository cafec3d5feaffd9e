"""From FLV tags to access units."""

from services.ingest.publishing.rtmp.audio_tag import read_frame, read_track
from services.ingest.publishing.rtmp.video_tag import (
    DecoderConfiguration,
    VideoTag,
    read_configuration,
    read_video_tag,
    split_units,
)
from services.ingest.sources.allowance import Allowance
from services.ingest.sources.rtp.access_unit import AccessUnitBuilder
from services.ingest.sources.rtp.timestamps import TimestampUnwrapper
from services.ingest.sources.source import AccessUnitSink, AudioTrack, SourceError, VideoCodec, VideoTrack

CLOCK_RATE = 1000
"""RTMP counts in ms."""
_PICTURES = 600
_PICTURES_PER_SECOND = 200
_CHANGED_SETS = 20  # pictures: a key picture with other parameter sets begins a mux of its own
_UNITS = 20_000
_UNITS_PER_SECOND = 10_000
_FRAMES = 1000
_FRAMES_PER_SECOND = 200
_FRAME_SIZE = 2048  # bytes: a longer one counts as several
_LONGEST_WAIT = 2  # key pictures that wait for the sound that was announced


class TagReader:
    """Hands the pictures and, if wanted, the sound of one publication to a sink.

    Raises SourceError camera.codec_unsupported, and camera.protocol_error for what cannot be read or is more
    than a camera has reason to send.
    """

    def __init__(self, sink: AccessUnitSink, *, audio: bool, max_access_unit: int) -> None:
        self._sink = sink
        self._wants_audio = audio
        self._max_access_unit = max_access_unit
        self._codec: VideoCodec = "h264"
        self._configuration: DecoderConfiguration | None = None
        self._builder: AccessUnitBuilder | None = None
        self._audio: AudioTrack | None = None
        self._audio_announced = False
        self._keys = 0  # that came before the tracks were told
        self._told = False
        self._video_clock = TimestampUnwrapper()
        self._audio_clock = TimestampUnwrapper()
        self._pictures = Allowance("pictures", burst=_PICTURES, per_second=_PICTURES_PER_SECOND)
        self._units = Allowance("NAL units", burst=_UNITS, per_second=_UNITS_PER_SECOND)
        self._frames = Allowance("frames of audio", burst=_FRAMES, per_second=_FRAMES_PER_SECOND)

    def announce(self, *, audio: bool) -> None:
        """The metadata says whether there is sound."""
        self._audio_announced = audio

    def video(self, data: bytes, timestamp: int) -> None:
        """One video tag, of a DTS in ms that wraps at 32 bits."""
        tag = read_video_tag(data)
        if tag is None:
            return
        if tag.content == "configuration":
            self._configure(tag)
        elif self._builder is not None and self._configuration is not None and tag.codec == self._codec:
            self._picture(tag, self._video_clock.unwrap(timestamp), self._builder, self._configuration)

    def audio(self, data: bytes, timestamp: int) -> None:
        """One audio tag, likewise."""
        if not self._wants_audio:
            return
        if self._audio is None and not self._told:
            self._audio = read_track(data)
        track = self._audio
        if track is None or not self._told:
            return
        frame = read_frame(data, track)
        if frame:
            self._frames.take(1 + len(frame) // _FRAME_SIZE)
            self._sink.on_audio(frame, self._audio_clock.unwrap(timestamp) * track.clock_rate // CLOCK_RATE)

    def _configure(self, tag: VideoTag) -> None:
        if self._told and tag.codec != self._codec:
            raise SourceError(
                "camera.protocol_error", "the camera changes its video codec while it publishes"
            )
        self._pictures.take(_CHANGED_SETS)
        configuration = read_configuration(tag.codec, tag.data)
        if self._builder is None or tag.codec != self._codec:
            self._builder = configuration.builder(tag.codec)
        else:
            for unit in configuration.parameter_sets:
                if unit:
                    self._builder.unit(unit)
            self._builder.clear()
        self._codec, self._configuration = tag.codec, configuration

    def _picture(
        self, tag: VideoTag, dts: int, builder: AccessUnitBuilder, configuration: DecoderConfiguration
    ) -> None:
        if len(tag.data) > self._max_access_unit:
            self._sink.on_loss(1)
            return
        self._pictures.take()
        for unit in split_units(tag.data, configuration.length_size):
            self._units.take()
            if len(unit) >= builder.FRAGMENT_HEADER - 1:
                builder.unit(unit)
        if builder.picture and (self._told or self._tell_tracks(builder)):
            if builder.sets_changed and builder.parameter_sets.complete():
                builder.sets_changed = False
                self._pictures.take(_CHANGED_SETS if builder.key else 0)
                self._sink.on_parameter_sets(builder.parameter_sets.complete())
            self._sink.on_video(builder.finish(), dts + tag.offset, builder.key)
        builder.clear()

    def _tell_tracks(self, builder: AccessUnitBuilder) -> bool:
        """At the first key picture; where sound was announced and has not come, at the one after it."""
        self._keys += builder.key
        waits = self._wants_audio and self._audio_announced and self._audio is None
        if not builder.key or (waits and self._keys < _LONGEST_WAIT):
            return False
        video = VideoTrack(self._codec, CLOCK_RATE, builder.parameter_sets.complete())
        self._sink.on_tracks(video, self._audio)
        builder.sets_changed = False
        self._told = True
        return True
