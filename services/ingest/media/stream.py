"""One camera's media: access units in, numbered fragments on the wall clock out."""

from typing import Final

from services.ingest.media.audio_path import AudioPath
from services.ingest.media.clock import SessionClock, WallClock
from services.ingest.media.held import HeldUnits, StreamSettings, Unit
from services.ingest.media.init_section import REFUSALS, InitSections
from services.ingest.media.jitter import InterarrivalJitter
from services.ingest.media.muxer import Muxed, Muxer
from services.ingest.media.numbering import Numbering
from services.ingest.media.output import StreamOutput
from services.ingest.media.sample_entry import sps_of, video_sample_entry
from services.ingest.media.session_head import session_head
from services.ingest.media.sps import parse_sps
from services.ingest.media.timestamps import Discontinuity, VideoTimestamps
from services.ingest.media.transcoders import Transcoders
from services.ingest.recorded import HOLE_MS
from services.ingest.sources.source import AudioTrack, SourceError, TrackKind, VideoCodec, VideoTrack
from snowlight.media.boxes import VIDEO_TIMESCALE, build_prft
from snowlight.media.description import describe
from snowlight.media.fragment import Fragment

_TICKS_PER_MS: Final = VIDEO_TIMESCALE // 1000


class MediaStream:
    """The AccessUnitSink of one connection."""

    def __init__(
        self,
        wall: WallClock,
        init_sections: InitSections,
        numbering: Numbering,
        output: StreamOutput,
        settings: StreamSettings,
        transcoders: Transcoders,
        not_before_ms: int = 0,
    ) -> None:
        """`not_before_ms`: where the camera's footage ends so far; a start little earlier is moved there."""
        self._wall = wall
        self._init_sections = init_sections
        self._numbering = numbering
        self._output = output
        self._end_ms = not_before_ms
        self._video: VideoTrack | None = None
        self._clock_rate = VIDEO_TIMESCALE
        self._sets: tuple[bytes, ...] = ()
        self._audio = AudioPath(transcoders)
        self._held = HeldUnits(settings)
        self._mux: Muxer | None = None
        self._stamps = VideoTimestamps(0, 0, 1)
        self._clock = SessionClock(0.0)
        self._jitter = InterarrivalJitter(0.0)
        self._restart = ""
        self._lossy = False
        self._failed = False

    @property
    def codec(self) -> VideoCodec | None:
        """Of the pictures; None before it is known."""
        return None if self._video is None else self._video.codec

    @property
    def described(self) -> bool:
        """The parameter sets are known."""
        return bool(self._sets)

    @property
    def begun(self) -> bool:
        """A key frame came that can be decoded."""
        return bool(self._held) or self._mux is not None

    @property
    def interval_s(self) -> float:
        """From one picture to the next, in seconds; 0 before it is known."""
        return self._stamps.interval / VIDEO_TIMESCALE

    def on_tracks(self, video: VideoTrack, audio: AudioTrack | None) -> None:
        self._video = video
        self._clock_rate = video.clock_rate
        self._sets = video.parameter_sets
        self._audio.track = audio
        self._jitter = InterarrivalJitter(video.arrival_ms)
        self._output.on_tracks()

    def on_parameter_sets(self, parameter_sets: tuple[bytes, ...]) -> None:
        if self._sets and parameter_sets != self._sets:
            self._restart = "parameter sets changed"
        self._sets = parameter_sets

    def on_loss(self, packets: int) -> None:
        self._lossy = True
        self._output.on_loss(packets)

    def on_received(self, packets: int) -> None:
        self._output.on_received(packets)

    def on_sender_report(self, track: TrackKind, ntp_ms: int, pts: int) -> None:
        self._audio.reports[track] = (ntp_ms, pts)
        if track == "video":
            self._output.on_camera_clock(round(ntp_ms - self._wall.now_ms()))

    def on_video(self, data: bytes, pts: int, key: bool, arrival_ms: float | None = None) -> None:
        if self._failed:
            return
        if arrival_ms is None:
            arrival_ms = self._wall.now_ms()
        try:
            if self._mux is None:
                self._hold(Unit(True, data, pts, key, arrival_ms))
            else:
                self._mux_video(data, pts, key, arrival_ms)
        except REFUSALS as error:
            self._fail(error)

    def on_audio(self, data: bytes, pts: int, arrival_ms: float | None = None) -> None:
        if self._failed or self._audio.track is None:
            return
        if arrival_ms is None:
            arrival_ms = self._wall.now_ms()
        if self._audio.observe(pts, arrival_ms):
            self._held.drop_audio()
        if self._mux is None:
            if self._held and not self._held.full:  # only a picture begins a session
                self._held.add(Unit(False, data, pts, False, arrival_ms))
        elif self._audio.declared and self._audio.add(data, pts):
            self._mux_audio()

    def finish(self) -> None:
        """The connection ended: all that was received becomes fragments."""
        if self._failed:
            return
        try:
            if self._held:
                self._open()
            self._close()
        except REFUSALS as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._failed = True
        self._mux = None
        self._held.clear()
        self._output.on_failure(SourceError("camera.protocol_error", f"the stream cannot be muxed: {error}"))

    # A session's first units are held.

    def _hold(self, unit: Unit) -> None:
        if not self._sets or not (self._held or unit.key):
            return
        if unit.key and self._restart:
            self._held.clear()  # these belong to parameter sets that are no longer in force
            self._restart = ""
        self._held.add(unit)
        if self._held.settled:
            self._open()

    def _open(self) -> None:
        units, first, anchor_ms, depth, interval = self._held.take(self._clock_rate)
        depth = max(depth, self._declared_depth())
        self._clock = SessionClock(anchor_ms)
        self._begin(anchor_ms, first, depth, interval, units[-1].arrival_ms)
        for unit in units:
            if unit.video and unit.pts < first:
                continue  # leading pictures refer to what came before the key frame
            if self._mux is None:  # a discontinuity within what was held
                self._hold(unit)
            elif unit.video:
                self._mux_video(unit.data, unit.pts, unit.key, unit.arrival_ms)
            elif self._audio.declared and self._audio.add(unit.data, unit.pts):
                self._mux_audio()

    # A session.

    def _begin(self, anchor_ms: float, first_pts: int, depth: int, interval: int, now_ms: float) -> None:
        """Open a mux whose first picture has `first_pts` and was captured at `anchor_ms`, or a little later:
        where the footage before it ends."""
        if 0 < self._end_ms - round(anchor_ms) <= HOLE_MS:  # what is earlier, `Recorded` leaves out
            anchor_ms = float(self._end_ms)
        video = self._video
        assert video is not None
        sps = parse_sps(video.codec, sps_of(video.codec, self._sets))
        entry = video_sample_entry(video.codec, self._sets, sps)
        audio = self._audio.begin(now_ms)
        try:
            init = self._init_sections.get(entry, audio)
            description = describe(init)
        except REFUSALS as error:
            if audio is None:
                raise
            self._audio.refuse(error)  # or it is the pictures, which are refused again
            self._begin(anchor_ms, first_pts, depth, interval, now_ms)
            return
        self._stamps = VideoTimestamps(first_pts * VIDEO_TIMESCALE // video.clock_rate, depth, interval)
        late_ms = self._clock.late_ms
        delay_ms = self._stamps.delay / _TICKS_PER_MS
        self._audio.align(anchor_ms + late_ms, first_pts, video.clock_rate, delay_ms)
        self._clock = SessionClock(anchor_ms, late_ms)
        self._jitter.restart()
        self._end_ms = round(anchor_ms)
        self._restart = ""
        self._numbering.begin(self._end_ms)
        interval_ms = interval / _TICKS_PER_MS
        head = session_head(init, description, self._numbering, interval_ms)
        self._output.on_init(head, 1000 / interval_ms)
        self._mux = Muxer(audio.sample_rate if audio else 0)

    def _mux_video(self, data: bytes, pts: int, key: bool, arrival_ms: float) -> None:
        mux = self._mux
        assert mux is not None
        ticks = pts if self._clock_rate == VIDEO_TIMESCALE else pts * VIDEO_TIMESCALE // self._clock_rate
        stamps = self._stamps
        try:
            presentation, decoding = stamps.place(ticks, arrival_ms)
        except Discontinuity:
            self._close()
            self._output.on_discontinuity("timestamps jumped")
            self._hold(Unit(True, data, pts, key, arrival_ms))
            return
        if key:
            reason = self._reason_to_restart(arrival_ms)
            if reason:
                self._restart_at(reason, pts, decoding, arrival_ms)
                self._mux_video(data, pts, key, arrival_ms)
                return
        decoding_ms = decoding / _TICKS_PER_MS
        self._clock.observe(decoding_ms, arrival_ms)
        self._jitter.observe(decoding_ms, arrival_ms)
        if mux.ends_before(decoding, key):
            self._mux_audio()
        muxed = mux.video(data, presentation, decoding, stamps.interval, key)
        if muxed is not None:
            self._emit(muxed)

    def _mux_audio(self) -> None:
        mux = self._mux
        assert mux is not None
        for frame, time, duration in self._audio.frames():
            mux.audio(frame, time, duration)

    def _reason_to_restart(self, arrival_ms: float) -> str:
        if self._restart:
            return self._restart
        if self._stamps.deeper:
            return "pictures are reordered further"
        if self._clock.stepped:
            return "clock stepped"
        return self._audio.reason_to_restart(arrival_ms)

    def _restart_at(self, reason: str, pts: int, decoding: int, arrival_ms: float) -> None:
        """Begin a new mux at a key frame. Wall time goes on unless it has stepped."""
        stepped, anchor_ms = self._clock.stepped, self._clock.wall_ms(decoding / _TICKS_PER_MS)
        depth = self._stamps.depth + self._stamps.deeper
        if reason == self._restart:
            depth = max(depth, self._declared_depth())
        self._close()
        self._output.on_discontinuity(reason)
        self._begin(arrival_ms if stepped else anchor_ms, pts, depth, self._stamps.interval, arrival_ms)

    def _close(self) -> None:
        mux, self._mux = self._mux, None
        if mux is None:
            return
        for frame, time, duration in self._audio.flush():
            mux.audio(frame, time, duration)
        muxed = mux.close()
        if muxed is not None:
            self._emit(muxed)

    def _declared_depth(self) -> int:
        video = self._video
        assert video is not None
        return parse_sps(video.codec, sps_of(video.codec, self._sets)).reorder_depth or 0

    # Its fragments.

    def _emit(self, muxed: Muxed) -> None:
        begin_ms = self._end_ms
        media_ms = (muxed.decode_time + muxed.duration) / _TICKS_PER_MS
        self._end_ms = max(round(self._clock.wall_ms(media_ms)), begin_ms + 1)
        if self._clock.advance(media_ms, muxed.duration / _TICKS_PER_MS):
            self._audio.end_window(self._clock.wall_ms(0) + self._clock.late_ms)
        segment, part = self._numbering.place(self._end_ms - begin_ms, muxed.independent)
        prft = build_prft(begin_ms, muxed.decode_time + self._stamps.delay)
        fragment = Fragment(
            segment=segment,
            part=part,
            start_ms=begin_ms,
            duration_ms=self._end_ms - begin_ms,
            independent=muxed.independent,
            lossy=self._lossy,
            chunks=(prft + muxed.head, *muxed.samples),
            pictures=muxed.pictures,
        )
        self._lossy = False
        if muxed.independent:
            self._output.on_jitter(self._jitter.ms)
        self._output.on_fragment(fragment)
