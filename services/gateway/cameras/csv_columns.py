"""A camera as a row of CSV: its columns, what they are called, what may stand in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.csv_table import FORMULA, harmless, unarmed
from snowlight.errors import InvalidArgumentError

ID = "camera_id"
MOST_ERRORS = 16
"""Of the cells of one row; each is told with every row that has it."""
CREDENTIALED = ("source_url", "sub_source_url")
_DOSSIER = "dossier."
_OWNERSHIPS = {"公共": "PUBLIC", "集体": "COLLECTIVE", "企业": "BUSINESS", "家庭": "HOUSEHOLD"}
_FLAGS = {"true": True, "是": True, "1": True, "false": False, "否": False, "0": False}

Write = Callable[[camera_pb2.Camera, str], None]


def _text(field: str) -> Write:
    def write(camera: camera_pb2.Camera, text: str) -> None:
        setattr(camera, field, text)

    return write


def _flag(field: str) -> Write:
    def write(camera: camera_pb2.Camera, text: str) -> None:
        if text.lower() not in _FLAGS:
            raise _invalid(field, "must be true or false (是, 否)")
        setattr(camera, field, _FLAGS[text.lower()])

    return write


def _integer(field: str) -> Write:
    def write(camera: camera_pb2.Camera, text: str) -> None:
        if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 10):
            raise _invalid(field, "must be a whole number")
        setattr(camera, field, int(text))

    return write


def _degrees(field: str) -> Write:
    def write(camera: camera_pb2.Camera, text: str) -> None:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (text.isascii() and math.isfinite(value)):
            raise _invalid(field, "must be a number, in degrees")
        setattr(camera.location, field, value)

    return write


def _camera_class(camera: camera_pb2.Camera, text: str) -> None:
    _integer("camera_class")(camera, text)
    if camera.camera_class == 0:  # ingest would take it for the default
        raise _invalid("camera_class", "must be at least 1")


def _region(camera: camera_pb2.Camera, text: str) -> None:
    camera.region = text if text.startswith("regions/") else f"regions/{text}"


def _ownership(camera: camera_pb2.Camera, text: str) -> None:
    name = _OWNERSHIPS.get(text, text.upper())
    chosen = camera_pb2.Ownership.DESCRIPTOR.values_by_name.get(name)
    if chosen is None or not chosen.number:
        choices = "PUBLIC, COLLECTIVE, BUSINESS or HOUSEHOLD (公共, 集体, 企业, 家庭)"
        raise _invalid("ownership", f"must be {choices}")
    camera.ownership = camera_pb2.Ownership.ValueType(chosen.number)


_COLUMNS: dict[str, tuple[str, Write]] = {
    ID: ("编号", lambda camera, text: None),
    "display_name": ("名称", _text("display_name")),
    "region": ("区域", _region),
    "source_url": ("视频地址", _text("source_url")),
    "sub_source_url": ("子码流地址", _text("sub_source_url")),
    "camera_class": ("等级", _camera_class),
    "ownership": ("产权", _ownership),
    "owner": ("所有人", _text("owner")),
    "managing_unit": ("管理单位", _text("managing_unit")),
    "operator": ("运营商", _text("operator")),
    "latitude": ("纬度", _degrees("latitude")),
    "longitude": ("经度", _degrees("longitude")),
    "listed_for_residents": ("村民可见", _flag("listed_for_residents")),
    "audio": ("声音", _flag("audio")),
    "enabled": ("启用", _flag("enabled")),
    "schedule": ("时间表", _text("schedule")),
    "retention_days": ("保存天数", _integer("retention_days")),
}
"""Each column's Chinese title, and how its text is put into a camera."""
_BY_TITLE = {title: name for name, (title, _) in _COLUMNS.items()}
_PLACE = ("latitude", "longitude")
_NUMBERS = frozenset({"camera_class", "retention_days", *_PLACE})


def column_of(title: str) -> str:
    """The column that a title means, in English or Chinese; "" for none. A dossier's entries are columns
    of their own, `dossier.{name}` or `档案.{name}`."""
    name = _BY_TITLE.get(title, title.lower())
    if name in _COLUMNS:
        return name
    for prefix in (_DOSSIER, "档案."):
        if title.startswith(prefix) and len(title) > len(prefix):
            return _DOSSIER + title.removeprefix(prefix)
    return ""


def read_row(text: dict[str, str]) -> tuple[camera_pb2.Camera, list[str], list[InvalidArgumentError]]:
    """The camera of a row, the fields that the row gives, and what is wrong, one by one, up to a number that
    people read. An empty cell gives nothing."""
    camera, fields, wrong = camera_pb2.Camera(), [], []
    for column, cell in text.items():
        if not cell:
            continue
        try:
            if column not in _NUMBERS and cell.startswith(FORMULA):
                raise InvalidArgumentError(
                    "import.formula", f"must not begin with {cell[0]!r}, as formulas do", field=column
                )
            fields.append(_put(camera, column, unarmed(cell)))
        except InvalidArgumentError as error:
            wrong.append(error)
        if len(wrong) == MOST_ERRORS:
            break
    if not text.get(ID):
        wrong.append(InvalidArgumentError("request.required", f"{ID} is required", field=ID))
    for here, there in (_PLACE, _PLACE[::-1]):
        if text.get(here) and not text.get(there):
            wrong.append(InvalidArgumentError("request.required", f"{here} needs {there}", field=there))
    return camera, [field for field in dict.fromkeys(fields) if field != ID], wrong


def differing(current: camera_pb2.Camera, camera: camera_pb2.Camera, fields: Iterable[str]) -> list[str]:
    """Which of `fields` have another value in `camera` than now. User and password in a URL are not
    compared: nobody is told them."""
    return [
        field
        for field in fields
        if _without_credentials(field, getattr(current, field))
        != _without_credentials(field, getattr(camera, field))
    ]


def credentialed(camera: camera_pb2.Camera, fields: Iterable[str]) -> list[str]:
    """Which of `fields` are URLs that hold a user or a password."""
    return [
        field
        for field in fields
        if field in CREDENTIALED
        and _without_credentials(field, getattr(camera, field)) != getattr(camera, field)
    ]


def complete_dossier(current: camera_pb2.Camera, camera: camera_pb2.Camera) -> None:
    """Keep the entries of the dossier that the row does not name: a file need not have all of them."""
    for name, value in current.dossier.items():
        if name not in camera.dossier:
            camera.dossier[name] = value


def columns_for(cameras: Iterable[camera_pb2.Camera]) -> list[str]:
    """The columns of a file of these cameras."""
    entries = sorted({name for camera in cameras for name in camera.dossier})
    return [*_COLUMNS, *(_DOSSIER + name for name in entries)]


def write_row(camera: camera_pb2.Camera, columns: Iterable[str]) -> list[str]:
    """The camera's cells, which no spreadsheet takes for formulas."""
    return [_cell(camera, column) for column in columns]


def _put(camera: camera_pb2.Camera, column: str, cell: str) -> str:
    if column.startswith(_DOSSIER):
        camera.dossier[column.removeprefix(_DOSSIER)] = cell
        return "dossier"
    _COLUMNS[column][1](camera, cell)
    return "location" if column in _PLACE else column


def _cell(camera: camera_pb2.Camera, column: str) -> str:
    value: Any
    if column == ID:
        value = camera.name.removeprefix("cameras/")
    elif column in _PLACE:
        return repr(getattr(camera.location, column)) if camera.HasField("location") else ""
    elif column.startswith(_DOSSIER):
        value = dict(camera.dossier).get(column.removeprefix(_DOSSIER), "")
    elif column == "ownership":
        value = camera_pb2.Ownership.Name(camera.ownership)
    else:
        value = getattr(camera, column)
    return harmless(str(value).lower() if isinstance(value, bool) else str(value))


def _without_credentials(field: str, value: Any) -> Any:
    if field not in CREDENTIALED or "://" not in value:
        return value
    scheme, _, rest = value.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def _invalid(field: str, problem: str) -> InvalidArgumentError:
    return InvalidArgumentError("request.invalid", problem, field=field)
