"""Sequence parameter sets: picture size, how far pictures are reordered, and what sample entries copy."""

from dataclasses import dataclass

from services.ingest.sources.rtp.parameter_sets import BitReader
from services.ingest.sources.source import VideoCodec

_HIGH_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))
_EXTENDED_SAR = 255
_MAX_PICTURES_IN_CYCLE = 255  # num_ref_frames_in_pic_order_cnt_cycle (ISO/IEC 14496-10, 7.4.2.1.1)
_MAX_BUFFERS = 32  # cpb_cnt_minus1 + 1 (E.2.2)


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """What a sequence parameter set says of the pictures."""

    width: int
    """Luma samples after cropping."""
    height: int
    reorder_depth: int | None
    """How many pictures may precede one in decoding and follow it in output; None if not told."""
    chroma_format: int = 1
    luma_bits: int = 8
    chroma_bits: int = 8
    temporal_layers: int = 1
    temporal_nesting: bool = False


def parse_sps(codec: VideoCodec, unit: bytes) -> SequenceParameters:
    """Parse an SPS NAL unit without start code. Raises ValueError when it is cut short or senseless."""
    try:
        parameters = _parse_h264(unit) if codec == "h264" else _parse_h265(unit)
    except EOFError:
        raise ValueError("sequence parameter set is cut short") from None
    if not (0 < parameters.width <= 16384 and 0 < parameters.height <= 16384):
        raise ValueError(f"picture of {parameters.width} x {parameters.height}")
    return parameters


def _parse_h264(unit: bytes) -> SequenceParameters:
    """ISO/IEC 14496-10, 7.3.2.1.1."""
    bits = BitReader(unit)
    ue = bits.read_exponential_golomb
    bits.read(8)
    profile = bits.read(8)
    constraints = bits.read(8)
    bits.read(8)
    ue()
    chroma, luma_bits, chroma_bits, separate_planes = 1, 8, 8, 0
    if profile in _HIGH_PROFILES:
        chroma = ue()
        if chroma == 3:
            separate_planes = bits.read(1)
        luma_bits, chroma_bits = 8 + ue(), 8 + ue()
        bits.read(1)
        if bits.read(1):
            for i in range(12 if chroma == 3 else 8):
                if bits.read(1):
                    _skip_scaling_list(bits, 16 if i < 6 else 64)
    ue()
    order_type = ue()
    if order_type == 0:
        ue()
    elif order_type == 1:
        bits.read(1)
        ue()
        ue()
        for _ in range(_count(ue(), _MAX_PICTURES_IN_CYCLE)):
            ue()
    ue()
    bits.read(1)
    width = 16 * (ue() + 1)
    rows = ue() + 1
    frames_only = bits.read(1)
    height = 16 * rows * (2 - frames_only)
    if not frames_only:
        bits.read(1)
    bits.read(1)
    if bits.read(1):
        unit_x = 2 if chroma in (1, 2) and not separate_planes else 1
        unit_y = (2 if chroma == 1 and not separate_planes else 1) * (2 - frames_only)
        left, right, top, bottom = ue(), ue(), ue(), ue()
        width -= unit_x * (left + right)
        height -= unit_y * (top + bottom)
    depth: int | None = None
    if order_type == 2 or profile == 66 or (profile in (44, 100, 110, 122, 244) and constraints & 0x10):
        depth = 0  # output order is decoding order (8.2.1.3), no B slices (A.2.1), or pictures all intra
    elif bits.read(1):
        depth = _h264_vui_reorder_depth(bits)
    return SequenceParameters(width, height, depth, chroma, luma_bits, chroma_bits)


def _count(told: int, most: int) -> int:
    """How often to go round a loop, which the standard bounds."""
    if told > most:
        raise ValueError(f"sequence parameter set counts {told} where {most} is the most")
    return told


def _skip_scaling_list(bits: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.read_exponential_golomb()
            delta = (code + 1) // 2 if code & 1 else -(code // 2)
            following = (last + delta) & 0xFF
        last = following or last


def _h264_vui_reorder_depth(bits: BitReader) -> int | None:
    """max_num_reorder_frames (E.1.1), None without bitstream_restriction_flag."""
    ue = bits.read_exponential_golomb
    if bits.read(1) and bits.read(8) == _EXTENDED_SAR:
        bits.read(32)
    if bits.read(1):
        bits.read(1)
    if bits.read(1):
        bits.read(4)
        if bits.read(1):
            bits.read(24)
    if bits.read(1):
        ue()
        ue()
    if bits.read(1):
        bits.read(65)
    hrd = False
    for _ in range(2):
        if bits.read(1):
            hrd = True
            count = _count(ue() + 1, _MAX_BUFFERS)
            bits.read(8)
            for _ in range(count):
                ue()
                ue()
                bits.read(1)
            bits.read(20)
    if hrd:
        bits.read(1)
    bits.read(1)
    if not bits.read(1):
        return None
    bits.read(1)
    for _ in range(4):
        ue()
    return min(ue(), 16)


def _parse_h265(unit: bytes) -> SequenceParameters:
    """ISO/IEC 23008-2, 7.3.2.2.1."""
    bits = BitReader(unit)
    ue = bits.read_exponential_golomb
    bits.read(16 + 4)
    sub_layers = bits.read(3)
    nesting = bool(bits.read(1))
    bits.read(96)
    present = [(bits.read(1), bits.read(1)) for _ in range(sub_layers)]
    if sub_layers:
        bits.read(2 * (8 - sub_layers))
    for profile, level in present:
        bits.read(88 * profile + 8 * level)
    ue()
    chroma = ue()
    if chroma == 3:
        bits.read(1)
    width, height = ue(), ue()
    if bits.read(1):
        unit_x, unit_y = (2 if chroma in (1, 2) else 1), (2 if chroma == 1 else 1)
        left, right, top, bottom = ue(), ue(), ue(), ue()
        width -= unit_x * (left + right)
        height -= unit_y * (top + bottom)
    luma_bits, chroma_bits = 8 + ue(), 8 + ue()
    ue()
    all_layers = bits.read(1)
    depth = 0
    for _ in range(sub_layers + 1 if all_layers else 1):
        ue()
        depth = ue()
        ue()
    return SequenceParameters(
        width, height, min(depth, 16), chroma, luma_bits, chroma_bits, sub_layers + 1, nesting
    )
