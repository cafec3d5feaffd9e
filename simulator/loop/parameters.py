"""All that decides what a minute of a camera looks and sounds like."""

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum

from simulator.scene.scenery import Scenery

LOOP_SECONDS = 60
GOP_SECONDS = 2
DRAWING = 2
"""Raised whenever the same parameters give another picture or sound, so that no old loop is reused."""


class VideoCodec(StrEnum):
    H264 = "H264"
    H265 = "H265"


class Profile(StrEnum):
    """The pairs of codecs found in the field."""

    H264_AAC = "h264+aac"
    H265_G711 = "h265+g711a"
    H264 = "h264"

    @property
    def codec(self) -> VideoCodec:
        return VideoCodec.H265 if self is Profile.H265_G711 else VideoCodec.H264


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What a picture's slices must share in order to make one picture. width, height: of all of it."""

    codec: VideoCodec
    width: int
    height: int
    frame_rate: int
    bit_rate: int


@dataclass(frozen=True, slots=True)
class LoopParameters:
    """One minute of a camera.

    title and latin_title: the name burnt in; the latter where no Chinese font is installed.
    seed: the same scenery with another seed has other houses, colours and traffic.
    width, height: pixels, even. frame_rate: whole frames per second. bit_rate: of the video, bit/s.
    noise: amplitude of the sensor's noise, in steps of luma.
    """

    title: str
    latin_title: str
    scenery: Scenery = Scenery.ROAD
    seed: int = 0
    profile: Profile = Profile.H264_AAC
    width: int = 640
    height: int = 360
    frame_rate: int = 15
    bit_rate: int = 500_000
    noise: int = 2

    def __post_init__(self) -> None:
        if self.width % 2 or self.height % 2 or self.width < 160 or self.height < 90:
            raise ValueError(
                f"width and height must be even and at least 160x90, not {self.width}x{self.height}"
            )
        if not 1 <= self.frame_rate <= 60:
            raise ValueError(f"frame_rate must be 1 to 60, not {self.frame_rate}")

    @property
    def video(self) -> VideoFormat:
        return VideoFormat(self.profile.codec, self.width, self.height, self.frame_rate, self.bit_rate)

    @property
    def key(self) -> str:
        """Name of the loop in a cache: the same for the same minute, another for any other."""
        text = json.dumps([DRAWING, asdict(self)], sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "LoopParameters":
        fields = json.loads(text)
        fields["scenery"] = Scenery(fields["scenery"])
        fields["profile"] = Profile(fields["profile"])
        return cls(**fields)
