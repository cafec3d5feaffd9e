"""The `mfra` at the end of a minute leads to its key frames (ISO/IEC 14496-12, 8.8.9)."""

import struct
from pathlib import Path

from snowlight.media import boxes
from tests.rpc.recording.spooled import Minutes


def test_each_key_frame_is_found_by_its_time_and_place(tmp_path: Path) -> None:
    file = Minutes(tmp_path / "spool", {}).seal("camera-1", 0)
    data = file.path.read_bytes()
    found = [
        (fragment.movie.decode_time, fragment.offset + boxes.PRFT_SIZE)
        for fragment in boxes.scan(data).fragments
        if fragment.movie.independent
    ]
    assert random_access(data) == found
    assert len(found) > 1
    assert found[-1][0]


def random_access(data: bytes) -> list[tuple[int, int]]:
    """Time and offset of the `moof` of each entry of `tfra`."""
    end = len(data)
    ((_, content, mfra_end),) = boxes.iterate(data[end - boxes.mfra_size(data[-16:]) :])
    mfra = data[end - mfra_end :]
    kind, at, _ = next(iter(boxes.iterate(mfra, content, mfra_end)))
    assert kind == b"tfra"
    (count,) = struct.unpack_from(">I", mfra, at + 12)
    entries = struct.iter_unpack(">QQ3x", mfra[at + 16 : at + 16 + 19 * count])
    return [(time, offset) for time, offset in entries]
