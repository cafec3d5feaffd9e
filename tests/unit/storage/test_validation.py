"""A malformed commit is refused with the field to mend."""

from collections.abc import Callable
from typing import get_args

import pytest

from services.ingest.observer import GapCause
from services.storage.ledger.causes import CAUSES
from services.storage.service.validation import parse_commit
from snowlight.api.storage.v1 import storage_pb2
from snowlight.errors import InvalidArgumentError
from tests.rpc.storage.footage import gap, segment

Change = Callable[[storage_pb2.Segment], object]


def test_a_well_formed_commit_is_taken() -> None:
    commit = parse_commit(
        storage_pb2.CommitSegmentsRequest(shard=3, segments=[segment("cam")], gaps=[gap("cam", 5, 9)]),
        {"default"},
    )
    assert commit.segments[0].key.uid == "cam"
    assert commit.gaps[0].end_ms == 9


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("camera_uid", lambda it: setattr(it, "camera_uid", "../x")),
        ("store", lambda it: setattr(it, "store", "elsewhere")),
        ("start_ms", lambda it: setattr(it, "start_ms", 0)),
        ("duration_ms", lambda it: setattr(it, "duration_ms", 3_600_001)),
        ("epoch", lambda it: setattr(it, "epoch", 0)),
        ("session", lambda it: setattr(it, "session", 0)),
        ("init_size", lambda it: setattr(it, "init_size", 0)),
        ("codecs", lambda it: setattr(it, "codecs", "")),
        ("sha256", lambda it: setattr(it, "sha256", b"short")),
        ("key", lambda it: setattr(it, "key", "rec/cam/notes.txt")),
        ("key", lambda it: setattr(it, "key", it.key.replace("rec/cam/", "rec/other/"))),
        ("key", lambda it: setattr(it, "key", it.key.replace("/2023", "/2024"))),
        ("key", lambda it: setattr(it, "sequence", it.sequence + 1)),
        ("key", lambda it: setattr(it, "init8", "ffffffff")),
        ("fragments", lambda it: it.ClearField("fragments")),
        ("fragments.size", lambda it: it.fragments.size.pop()),
        ("fragments.flags", lambda it: it.fragments.flags.pop()),
        ("fragments.flags", lambda it: it.fragments.flags.__setitem__(0, 4)),
        ("fragments.duration_ms", lambda it: it.fragments.duration_ms.__setitem__(0, 5_000)),
        ("fragments.size", lambda it: setattr(it, "size", it.size // 2)),
    ],
)
def test_each_field_of_a_segment_is_checked(field: str, change: Change) -> None:
    wrong = segment("cam")
    change(wrong)
    request = storage_pb2.CommitSegmentsRequest(segments=[segment("cam"), wrong])
    with pytest.raises(InvalidArgumentError) as raised:
        parse_commit(request, {"default"})
    assert raised.value.field == f"segments[1].{field}"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("camera_uid", gap("", 5, 9)),
        ("start_ms", gap("cam", 0, 9)),
        ("end_ms", gap("cam", 9, 5)),
        ("cause", gap("cam", 5, 9, "Because!")),
        ("cause", gap("cam", 5, 9, "unknown")),
        ("cause", gap("cam", 5, 9, "")),
    ],
)
def test_each_field_of_a_gap_is_checked(field: str, wrong: storage_pb2.Gap) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        parse_commit(storage_pb2.CommitSegmentsRequest(gaps=[wrong]), set())
    assert raised.value.field == f"gaps[0].{field}"


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_is_taken(cause: str) -> None:
    commit = parse_commit(storage_pb2.CommitSegmentsRequest(gaps=[gap("cam", 5, 9, cause)]), set())
    assert commit.gaps[0].cause == cause


def test_ingest_tells_no_other_causes() -> None:
    assert {*get_args(GapCause), "disabled", "ingest_restart"} <= {*CAUSES}


def test_a_call_is_bounded() -> None:
    many = storage_pb2.CommitSegmentsRequest(segments=[segment("cam")] * 1001)
    with pytest.raises(InvalidArgumentError) as raised:
        parse_commit(many, {"default"})
    assert raised.value.field == "segments"
    with pytest.raises(InvalidArgumentError) as raised:
        parse_commit(storage_pb2.CommitSegmentsRequest(shard=1024), set())
    assert raised.value.field == "shard"
