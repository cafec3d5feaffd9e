"""A minute of footage as ingest has it in its spool, and as it tells storage of it."""

import hashlib
from collections.abc import Sequence

from snowlight.api.ingest.v1 import live_pb2
from snowlight.api.storage.v1 import storage_pb2
from snowlight.media.fragment import Fragment, InitSection, ObjectKey
from tests.rpc.gateway.ingest import SpoolFile


def spool_file(
    uid: str, init: InitSection, fragments: Sequence[Fragment], *, epoch: int, sequence: int
) -> SpoolFile:
    """The spool file of `fragments`, at least one."""
    start_ms, duration_ms = fragments[0].start_ms, fragments[-1].end_ms - fragments[0].start_ms
    table = storage_pb2.FragmentTable(
        duration_ms=[fragment.duration_ms for fragment in fragments],
        size=[len(fragment.data) for fragment in fragments],
        flags=[fragment.independent | fragment.lossy << 1 for fragment in fragments],
    )
    listing = live_pb2.SpoolFile(
        key=str(ObjectKey(uid, start_ms, duration_ms, epoch, sequence, init.init8)),
        start_ms=start_ms,
        duration_ms=duration_ms,
        epoch=epoch,
        sequence=sequence,
        session=init.session,
        init8=init.init8,
        init_size=len(init.data),
        codecs=init.codecs,
        fragments=table.SerializeToString(),
    )
    return SpoolFile(listing, init.data + b"".join(fragment.data for fragment in fragments))


def segment_of(uid: str, file: SpoolFile) -> storage_pb2.Segment:
    """The object that a spool file becomes."""
    listing = file.listing
    return storage_pb2.Segment(
        camera_uid=uid,
        store="default",
        key=listing.key,
        start_ms=listing.start_ms,
        duration_ms=listing.duration_ms,
        size=len(file.data),
        epoch=listing.epoch,
        sequence=listing.sequence,
        session=listing.session,
        init8=listing.init8,
        init_size=listing.init_size,
        codecs=listing.codecs,
        sha256=hashlib.sha256(file.data).digest(),
        fragments=storage_pb2.FragmentTable.FromString(listing.fragments),
    )
