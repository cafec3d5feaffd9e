"""Packets are counted by their sequence numbers, whatever is lost, late or twice."""

from itertools import pairwise

from services.ingest.sources.rtp.h264 import H264Depacketiser
from services.ingest.sources.rtp.video import VideoReceiver
from tests.unit.sources.packets import frame
from tests.unit.sources.recorder import Recorder

SLICE = b"\x41\x9a" + bytes(range(1, 100))


def counted(*sequences: int, reads: int = 1) -> tuple[int, int]:
    """Packets received and lost, of these in this order."""
    sink = Recorder()
    receiver = VideoReceiver(0, 96, H264Depacketiser((b"\x67", b"\x68")), sink, 1 << 20)
    frames = [
        frame(SLICE, sequence=sequence, timestamp=3600 * at, marker=True)
        for at, sequence in enumerate(sequences)
    ]
    edges = [len(frames) * read // reads for read in range(reads + 1)]
    for begin, end in pairwise(edges):
        buffer = b"".join(frames[begin:end])
        assert receiver.read(buffer, 0, len(buffer)) == len(buffer)
    return receiver.received, sum(sink.losses)


def test_all_that_come_are_counted_over_reads_and_wraps() -> None:
    for reads in (1, 3, 10):
        assert counted(*range(0xFFF0, 0x10000 + 84), reads=reads) == (100, 0)


def test_a_hole_is_lost_and_what_follows_it_counted() -> None:
    for reads in (1, 4):
        assert counted(*range(10), *range(15, 40), *range(41, 60), reads=reads) == (54, 6)


def test_late_and_repeated_packets_do_not_count() -> None:
    assert counted(0, 1, 2, 4, 3, 4, 5) == (5, 1)


def test_a_camera_that_begins_anew_has_lost_one() -> None:
    assert counted(*range(1000, 1010), *range(60_000, 60_005)) == (15, 1)
