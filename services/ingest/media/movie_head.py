"""`moof`, and the header of the `mdat` behind it (ISO/IEC 14496-12, 8.8)."""

from array import array
from collections.abc import Sequence
from struct import Struct
from sys import byteorder
from typing import Final, final

from snowlight.media.boxes import AUDIO_TRACK

_MOOF: Final = Struct(">I4sI4sII")  # and mfhd
_TRAF: Final = Struct(">I4s I4sIII I4sIQ I4sIIII")  # and tfhd, tfdt, and trun up to its samples
_TFHD_SIZE: Final = 20
_TFDT_SIZE: Final = 20
_TFHD_FLAGS: Final = 0x02_0020  # default-base-is-moof, default-sample-flags-present (8.8.7.1)
_TFDT_FLAGS: Final = 1 << 24  # version 1: 64 bits (8.8.12)
_TRUN_FLAGS: Final = 0x0305  # data offset, flags of the first sample, each one's duration and size (8.8.8.1)
_COMPOSITION_OFFSETS: Final = 0x0800
_SYNC: Final = 0x0200_0000  # sample_depends_on nothing (8.8.3.1)
_NON_SYNC: Final = 0x0101_0000  # on others; no sync sample
_MDAT: Final = Struct(">I4s")
_TIME: Final = Struct(">Q")
_TIME_OFFSET: Final = Struct(">I4s I4sIII I4sI").size  # of baseMediaDecodeTime in a traf
_MOOF_SIZE: Final = _MOOF.size
_TRAF_SIZE: Final = _TRAF.size
_MDAT_SIZE: Final = _MDAT.size


@final
class Run:
    """The samples of one track, one behind the other."""

    __slots__ = ("columns", "decode_time", "key", "sample_bytes", "size", "track")

    def __init__(
        self,
        track: int,
        decode_time: int,
        durations: list[int],
        sizes: list[int],
        offsets: list[int] | None = None,
        *,
        key: bool,
    ) -> None:
        """`offsets`: composition offsets, if there are any. `key`: the first sample is a sync sample; of
        sound, all are."""
        self.track = track
        self.decode_time = decode_time
        self.columns = [durations, sizes] if offsets is None else [durations, sizes, offsets]
        self.key = key
        self.size = _TRAF_SIZE + 4 * len(self.columns) * len(sizes)
        """Bytes of its `traf`."""
        self.sample_bytes = sum(sizes)


def first_decode_time(data: bytes, start: int) -> int:
    """Of the first picture, where `movie_head` wrote what is at `start`."""
    (time,) = _TIME.unpack_from(data, start + _MOOF_SIZE + _TIME_OFFSET)
    return int(time)


def movie_head(sequence: int, runs: Sequence[Run]) -> bytes:
    """`moof`, and the header of the `mdat` that holds the runs' samples one behind the other: the pictures'
    first."""
    moof_size = _MOOF_SIZE
    for run in runs:
        moof_size += run.size
    offset = moof_size + _MDAT_SIZE
    boxes = [_MOOF.pack(moof_size, b"moof", 16, b"mfhd", 0, sequence)]
    for run in runs:
        boxes.append(_track_fragment(run, offset))
        boxes.append(_interleaved(run.columns))
        offset += run.sample_bytes
    boxes.append(_MDAT.pack(offset - moof_size, b"mdat"))
    return b"".join(boxes)


def _track_fragment(run: Run, data_offset: int) -> bytes:
    """A `traf` up to the samples of its `trun`."""
    # Arguments one by one: compiled, that is one call; an unpacked tuple makes a list, and a tuple of it.
    return _TRAF.pack(
        run.size,
        b"traf",
        _TFHD_SIZE,
        b"tfhd",
        _TFHD_FLAGS,
        run.track,
        _SYNC if run.track == AUDIO_TRACK else _NON_SYNC,
        _TFDT_SIZE,
        b"tfdt",
        _TFDT_FLAGS,
        run.decode_time,
        run.size - 8 - _TFHD_SIZE - _TFDT_SIZE,
        b"trun",
        _TRUN_FLAGS | (_COMPOSITION_OFFSETS if len(run.columns) > 2 else 0),
        len(run.columns[0]),
        data_offset,
        _SYNC if run.key else _NON_SYNC,
    )


def _interleaved(columns: list[list[int]]) -> bytes:
    """The samples of a `trun`, one row each."""
    width = len(columns)
    values = [0] * (width * len(columns[0]))
    for i, column in enumerate(columns):
        values[i::width] = column
    rows = array("I", values)
    if byteorder == "little":
        rows.byteswap()
    return rows.tobytes()
