"""What recordings tell of the index's rows."""

from services.gateway.archive.recording import from_segment
from snowlight.api.storage.v1 import storage_pb2

KEY, LOST = 1, 2


def test_a_row_tells_when_its_fragments_start_where_they_lie_and_which_begin_with_a_key_frame() -> None:
    table = storage_pb2.FragmentTable(
        duration_ms=[520, 480, 500, 500], size=[70_000, 20_000, 300, 90_000], flags=[KEY, LOST, 0, KEY | LOST]
    )
    recording = from_segment(
        storage_pb2.Segment(start_ms=1_000, duration_ms=2_000, size=181_300, init_size=1_000, fragments=table)
    )
    assert recording is not None
    assert list(recording.starts) == [1_000, 1_520, 2_000, 2_500, 3_000]
    assert [recording.offset(at) for at in range(5)] == [1_000, 71_000, 91_000, 91_300, 181_300]
    assert recording.size(1, 2) == 20_300
    assert list(recording.keys(0, 4)) == [0, 3]
    assert (recording.next_key(1, 3), recording.next_key(1, 4)) == (None, 3)
    assert [recording.first_needed(instant_ms) for instant_ms in (0, 2_400, 2_500, 3_000)] == [0, 0, 3, 4]


def test_a_row_without_a_table_is_one_fragment_and_one_without_footage_none() -> None:
    bare = storage_pb2.Segment(start_ms=1_000, duration_ms=2_000, size=5_000, init_size=1_000)
    recording = from_segment(bare)
    assert recording is not None
    assert (recording.count, recording.offset(0), recording.size(0, 1)) == (1, 1_000, 4_000)
    bare.size = bare.init_size
    assert from_segment(bare) is None
