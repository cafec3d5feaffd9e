"""`moof`, and the header of the `mdat` behind it (ISO/IEC 14496-12, 8.8)."""

from collections.abc import Sequence
from struct import Struct, pack
from typing import Final, NamedTuple

from snowlight.media.boxes import AUDIO_TRACK

_MOOF: Final = Struct(">I4sI4sII")  # and mfhd
_TRAF: Final = Struct(">I4s I4sIII I4sIQ I4sIIII")  # and tfhd, tfdt, and trun up to its samples
_TFHD_SIZE, _TFDT_SIZE = 20, 20
_TFHD_FLAGS: Final = 0x02_0020  # default-base-is-moof, default-sample-flags-present (8.8.7.1)
_TFDT_FLAGS: Final = 1 << 24  # version 1: 64 bits (8.8.12)
_TRUN_FLAGS: Final = 0x0305  # data offset, flags of the first sample, each one's duration and size (8.8.8.1)
_COMPOSITION_OFFSETS: Final = 0x0800
_SYNC, _NON_SYNC = 0x0200_0000, 0x0101_0000  # sample_depends_on nothing; on others, no sync sample (8.8.3.1)
_MDAT: Final = Struct(">I4s")


class Run(NamedTuple):
    """The samples of one track, one behind the other."""

    track: int
    decode_time: int
    columns: Sequence[Sequence[int]]
    """Durations, sizes, and composition offsets if there are any."""
    key: bool
    """The first one is a sync sample; of sound, all are."""


def durations(times: list[int], end: int) -> list[int]:
    """How long each sample lasts, until the next one or `end`."""
    lengths: list[int] = []
    begin = times[0]
    for time in times[1:]:
        lengths.append(time - begin)
        begin = time
    lengths.append(end - begin)
    return lengths


def movie_head(sequence: int, runs: Sequence[Run]) -> bytes:
    """`moof`, and the header of the `mdat` that holds the runs' samples one behind the other."""
    fragments = [_TRAF.size + 4 * len(run.columns) * len(run.columns[0]) for run in runs]
    moof_size = _MOOF.size + sum(fragments)
    offset = moof_size + _MDAT.size
    boxes = [_MOOF.pack(moof_size, b"moof", 16, b"mfhd", 0, sequence)]
    for size, (track, decode_time, columns, key) in zip(fragments, runs, strict=True):
        boxes.append(
            _TRAF.pack(
                *(size, b"traf"),
                *(_TFHD_SIZE, b"tfhd", _TFHD_FLAGS, track, _SYNC if track == AUDIO_TRACK else _NON_SYNC),
                *(_TFDT_SIZE, b"tfdt", _TFDT_FLAGS, decode_time),
                *(size - 8 - _TFHD_SIZE - _TFDT_SIZE, b"trun"),
                _TRUN_FLAGS | (_COMPOSITION_OFFSETS if len(columns) > 2 else 0),
                *(len(columns[0]), offset, _SYNC if key else _NON_SYNC),
            )
        )
        boxes.append(_interleaved(columns))
        offset += sum(columns[1])
    boxes.append(_MDAT.pack(offset - moof_size, b"mdat"))
    return b"".join(boxes)


def _interleaved(columns: Sequence[Sequence[int]]) -> bytes:
    """The samples of a `trun`, one row each."""
    width = len(columns)
    values = [0] * (width * len(columns[0]))
    for i, column in enumerate(columns):
        values[i::width] = column
    return pack(f">{len(values)}I", *values)
