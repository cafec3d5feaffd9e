"""The mux's fragments, read back box by box."""

import struct

from services.ingest.media.movie_head import first_decode_time
from services.ingest.media.muxer import Muxed, Muxer
from snowlight.media.boxes import MovieFragment, find_movie, iterate

FRAME = 3600  # 25 a second in 90 kHz


def whole(muxed: Muxed | None) -> bytes:
    assert muxed is not None
    return b"".join((muxed.head, *muxed.samples))


def runs(data: bytes) -> dict[int, tuple[int, list[tuple[int, ...]], list[bytes]]]:
    """By track: decode time, rows of `trun`, samples."""
    (_, moof, moof_end), _ = iterate(data)
    found = {}
    for kind, traf, traf_end in iterate(data, moof, moof_end):
        if kind != b"traf":
            continue
        (_, tfhd, _), (_, tfdt, _), (_, trun, trun_end) = iterate(data, traf, traf_end)
        (track,) = struct.unpack_from(">I", data, tfhd + 4)
        (decode_time,) = struct.unpack_from(">Q", data, tfdt + 4)
        flags, count, offset = struct.unpack_from(">III", data, trun)
        columns = 3 if flags & 0x800 else 2
        rows = list(struct.iter_unpack(f">{columns}I", data[trun + 16 : trun_end]))
        assert len(rows) == count
        samples = []
        for row in rows:
            samples.append(data[offset : offset + row[1]])
            offset += row[1]
        found[track] = decode_time, rows, samples
    return found


def test_a_fragment_ends_before_a_key_frame_and_after_half_a_second() -> None:
    mux = Muxer()
    cut = [mux.video(b"unit", i * FRAME, i * FRAME, FRAME, i in (0, 20)) is not None for i in range(40)]
    assert [i for i, is_cut in enumerate(cut) if is_cut] == [13, 20, 33]


def test_the_unit_behind_the_cut_tells_how_long_the_last_one_lasted() -> None:
    mux = Muxer()
    assert mux.video(b"first", 0, 0, FRAME, True) is None
    assert mux.video(b"second", 3000, 3000, FRAME, False) is None
    muxed = mux.video(b"third", 8000, 8000, FRAME, True)

    assert runs(whole(muxed)) == {1: (0, [(3000, 5), (5000, 6)], [b"first", b"second"])}
    assert muxed is not None
    assert muxed.duration == 8000
    assert runs(whole(mux.close())) == {1: (8000, [(FRAME, 5)], [b"third"])}


def test_reordered_pictures_tell_when_they_are_shown() -> None:
    mux = Muxer()
    for data, pts, dts in ((b"I", 3600, 0), (b"P", 10800, 3600), (b"B", 7200, 7200)):
        mux.video(data, pts, dts, FRAME, data == b"I")

    (_, rows, samples) = runs(whole(mux.close()))[1]
    assert [offset for _, _, offset in rows] == [3600, 7200, 0]
    assert samples == [b"I", b"P", b"B"]


def test_audio_lies_with_the_pictures_beside_it() -> None:
    mux = Muxer(sample_rate=8000)
    mux.video(b"one", 0, 0, FRAME, True)
    for i in range(6):  # 128 ms each: the last two begin behind the cut
        mux.audio(b"sound%d" % i, i * 1024, 1024)
    first = whole(mux.video(b"two", 46_000, 46_000, FRAME, False))
    rest = whole(mux.close())

    assert runs(first)[2] == (0, [(1024, 6)] * 4, [b"sound0", b"sound1", b"sound2", b"sound3"])
    assert runs(rest)[2] == (4096, [(1024, 6)] * 2, [b"sound4", b"sound5"])


def test_a_fragment_says_of_itself_what_its_boxes_say() -> None:
    mux = Muxer(sample_rate=8000)
    mux.video(b"one", 99_000, 90_000, FRAME, True)
    mux.audio(b"sound", 8000, 1024)
    mux.video(b"two", 102_600, 93_600, FRAME, False)
    muxed = mux.close()

    assert muxed is not None
    movie = MovieFragment(muxed.decode_time, muxed.duration, muxed.pictures, muxed.independent)
    assert first_decode_time(muxed.head, 0) == muxed.decode_time
    assert find_movie(whole(muxed), 0) == (movie, len(whole(muxed)))


def test_nothing_taken_is_nothing_written() -> None:
    assert Muxer().close() is None
