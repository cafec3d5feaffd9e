"""libav's packets turned into the units that the contract asks for."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from av import AudioStream, Packet, VideoStream
from av.bitstream import BitStreamFilterContext

from services.ingest.sources.annex_b import split_annex_b
from services.ingest.sources.carried_audio import SAMPLING_FREQUENCIES, is_carried
from services.ingest.sources.rtp.access_unit import AccessUnitBuilder
from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.h265 import H265Depacketiser
from services.ingest.sources.source import AudioCodec, AudioTrack, SourceError, VideoCodec, VideoTrack

CLOCK_RATE = 90000
_CHANNELS_TOLD = range(1, 7)  # as a configuration of the same number (ISO/IEC 14496-3, table 1.19)
_AUDIO: dict[str, AudioCodec] = {"aac": "aac", "pcm_alaw": "pcma", "pcm_mulaw": "pcmu"}


class VideoPackets:
    """Access units of one video stream, parameter sets and delimiters taken out."""

    def __init__(self, stream: VideoStream) -> None:
        name = stream.codec_context.name
        self.builder: AccessUnitBuilder
        self._codec: VideoCodec
        if name == "h264":
            self._codec, self.builder = "h264", H264Depacketiser()
            self._filter = BitStreamFilterContext("h264_mp4toannexb", stream)
        elif name == "hevc":
            self._codec, self.builder = "h265", H265Depacketiser()
            self._filter = BitStreamFilterContext("hevc_mp4toannexb", stream)
        else:
            raise SourceError("camera.codec_unsupported", f"the video is {name}; H.264 and H.265 are carried")

    def take(self, packet: "Packet[Any]") -> Iterator[tuple[bytes, int, bool]]:
        """Units with their pts in CLOCK_RATE and whether they are key; one without a time is left out."""
        for filtered in self._filter.filter(packet):
            time = filtered.pts if filtered.pts is not None else filtered.dts
            if time is None or filtered.time_base is None:
                continue
            builder = self.builder
            for unit in split_annex_b(bytes(filtered)):
                builder.unit(unit)
            if builder.picture:
                yield builder.finish(), scale(time, filtered.time_base, CLOCK_RATE), builder.key
            builder.clear()

    def track(self) -> VideoTrack:
        """The track, with the parameter sets seen so far."""
        return VideoTrack(self._codec, CLOCK_RATE, self.builder.parameter_sets.complete())


class AudioPackets:
    """Raw frames of one audio stream."""

    def __init__(self, stream: AudioStream) -> None:
        self.track = audio_track(stream)

    def take(self, packet: "Packet[Any]") -> Iterator[tuple[bytes, int]]:
        """The packet's frame with its pts in the sample rate, without an ADTS header."""
        if packet.pts is not None and packet.time_base is not None:
            data = bytes(packet)
            if self.track.codec == "aac":
                data = without_adts(data)
            yield data, scale(packet.pts, packet.time_base, self.track.clock_rate)


def is_carried_audio(stream: AudioStream) -> bool:
    """Whether the codec is one that ingest takes, with what a track must know."""
    return stream.codec_context.name in _AUDIO and is_carried(audio_track(stream))


def audio_track(stream: AudioStream) -> AudioTrack:
    """The track of a stream whose codec is known; AAC that tells too little of itself has no config."""
    context = stream.codec_context
    codec = _AUDIO[context.name]
    channels = context.layout.nb_channels
    config = b""
    if codec == "aac":
        config = bytes(context.extradata or b"")
        if not config and context.sample_rate in SAMPLING_FREQUENCIES and channels in _CHANNELS_TOLD:
            config = audio_specific_config(context.sample_rate, channels)
    return AudioTrack(codec, context.sample_rate, channels, config)


def scale(time: int, time_base: Fraction, clock_rate: int) -> int:
    """`time` in units of `time_base`, told in `clock_rate`."""
    return round(time * time_base * clock_rate)


def audio_specific_config(sample_rate: int, channels: int) -> bytes:
    """AAC-LC (ISO/IEC 14496-3, 1.6.2.1), for streams that say it in ADTS headers only."""
    return (2 << 11 | SAMPLING_FREQUENCIES.index(sample_rate) << 7 | channels << 3).to_bytes(2, "big")


def without_adts(data: bytes) -> bytes:
    """The raw frame behind an ADTS header (ISO/IEC 14496-3, 1.A.3.2), which a checksum may lengthen."""
    if len(data) > 7 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return data[7 if data[1] & 1 else 9 :]
    return data
