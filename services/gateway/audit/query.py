"""What a request asks of the audit, read strictly."""

from __future__ import annotations

from collections.abc import Iterable

from multidict import MultiMapping

from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.bodies import require_unicode
from services.gateway.http.instants import parse_instant
from services.gateway.http.paging import read_page
from snowlight import audit_export
from snowlight.api.auth.v1 import audit_pb2
from snowlight.errors import InvalidArgumentError

_FILTERS = ("camera", "principal", "start", "end", "action")
_LONGEST = 500


def read_query(query: MultiMapping[str]) -> audit_pb2.ListAuditRecordsRequest:
    """A page. Raises InvalidArgumentError naming the parameter."""
    _check(query, (*_FILTERS, "page_size", "page_token"))
    return audit_pb2.ListAuditRecordsRequest(filter=_read_filter(query), **read_page(query))


def read_wish(query: MultiMapping[str]) -> audit_pb2.ExportAuditRecordsRequest:
    """An export. Raises InvalidArgumentError naming the parameter."""
    _check(query, (*_FILTERS, "format", "purpose"))
    return audit_pb2.ExportAuditRecordsRequest(filter=_read_filter(query), purpose=query.get("purpose", ""))


def read_format(query: MultiMapping[str]) -> str:
    """The format of an export. Raises InvalidArgumentError("format")."""
    file_format = query.get("format", "")
    if file_format not in audit_export.FORMATS:
        names = " or ".join(sorted(audit_export.FORMATS))
        raise InvalidArgumentError("request.format", f"format must be {names}", field="format")
    return file_format


def resolve_camera(wanted: audit_pb2.AuditFilter, cameras: CameraModel) -> None:
    """Have a camera's name stand for its uid. One that there is not has no records: nothing else is told."""
    if wanted.camera_uid.startswith("cameras/"):
        wanted.camera_uid = cameras.uid_of(wanted.camera_uid)


def _read_filter(query: MultiMapping[str]) -> audit_pb2.AuditFilter:
    wanted = audit_pb2.AuditFilter(
        camera_uid=query.get("camera", ""),
        principal=query.get("principal", ""),
        action=query.get("action", ""),
    )
    if "start" in query:
        wanted.start.FromMilliseconds(parse_instant(query["start"], "start"))
    if "end" in query:
        wanted.end.FromMilliseconds(parse_instant(query["end"], "end"))
    return wanted


def _check(query: MultiMapping[str], known: Iterable[str]) -> None:
    for name in query:
        if name not in known:
            raise InvalidArgumentError("request.unknown_field", f"{name} is not a parameter here", field=name)
        if len(query.getall(name)) > 1:
            raise InvalidArgumentError("request.twice", f"{name} is given twice", field=name)
        if len(query[name]) > _LONGEST:
            raise InvalidArgumentError("request.too_long", f"{name} is too long", field=name)
        require_unicode(query[name], name)
