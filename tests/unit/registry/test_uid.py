"""Camera uids."""

from services.ingest.registry.uid import new_uid
from snowlight.media.fragment import ObjectKey


def test_uids_differ_and_sort_by_their_time() -> None:
    assert len({new_uid(1_700_000_000_000) for _ in range(1000)}) == 1000
    in_time = [new_uid(time_ms) for time_ms in (0, 1, 1_700_000_000_000, 1_700_000_000_001, (1 << 48) - 1)]
    assert in_time == sorted(in_time)


def test_a_uid_fits_into_object_keys() -> None:
    uid = new_uid(1_700_000_000_000)
    assert len(uid) == 26
    key = ObjectKey(uid, 1_700_000_000_000, 60_000, 1, 2, "0123abcd")
    assert ObjectKey.parse(str(key)) == key
