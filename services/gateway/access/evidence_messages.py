"""Exports and holds as they are told at the door. Its enumerations have the numbers of storage's."""

from __future__ import annotations

from services.gateway.cameras.visible import VisibleCameras
from snowlight.api.access.v1 import evidence_pb2
from snowlight.api.storage.v1 import export_pb2, hold_pb2


def export_message(export: export_pb2.Export, cameras: VisibleCameras) -> evidence_pb2.Export:
    """An export; its files once it is whole."""
    told = evidence_pb2.Export(
        name=export.name,
        cameras=map(cameras.name_of, export.camera_uids),
        incident=export.case_number,
        reason=export.reason,
        state=evidence_pb2.Export.State.ValueType(export.state),
        percent=export.percent,
        bytes_done=export.bytes_done,
        bytes_total=export.bytes_total,
        error=export.error,
    )
    told.start_time.FromMilliseconds(export.start_ms)
    told.end_time.FromMilliseconds(export.end_ms)
    told.create_time.FromMilliseconds(export.create_ms)
    if export.state == export_pb2.Export.SUCCEEDED:
        told.files.extend(_file(each, cameras) for each in export.files)
        if export.expire_ms:
            told.expire_time.FromMilliseconds(export.expire_ms)
        if export.immutable:
            told.immutable_until_time.FromMilliseconds(export.retain_until_ms)
    return told


def hold_message(hold: hold_pb2.Hold, cameras: VisibleCameras) -> evidence_pb2.Hold:
    """A hold."""
    told = evidence_pb2.Hold(
        name=hold.name,
        camera=cameras.name_of(hold.camera_uid),
        incident=hold.case_number,
        reason=hold.reason,
        release_reason=hold.release_reason,
    )
    told.start_time.FromMilliseconds(hold.start_ms)
    told.end_time.FromMilliseconds(hold.end_ms)
    told.create_time.FromMilliseconds(hold.create_ms)
    if hold.expire_ms:
        told.expire_time.FromMilliseconds(hold.expire_ms)
    if hold.release_ms:
        told.release_time.FromMilliseconds(hold.release_ms)
    return told


def _file(file: export_pb2.RenderedFile, cameras: VisibleCameras) -> evidence_pb2.Export.File:
    told = evidence_pb2.Export.File(
        camera=cameras.name_of(file.camera_uid), file=file.file, size=file.size, sha256=file.sha256
    )
    told.start_time.FromMilliseconds(file.start_ms)
    told.end_time.FromMilliseconds(file.end_ms)
    return told
