"""A file of consents on paper: CSV, in UTF-8 or in the GB 18030 that spreadsheets write."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.admin.instants import read_instant
from services.admin.regions_file import at_line, region_name
from snowlight.api.auth.v1 import consent_pb2
from snowlight.errors import InvalidArgumentError

REQUIRED = ("camera", "actions", "end_time", "paper_reference")
OPTIONAL = ("principal", "organisation", "line", "region", "hours_from", "hours_to", "footage_from")
COLUMNS = (*REQUIRED, *OPTIONAL)


class ConsentRow(NamedTuple):
    """A consent, the line of the file it is from, and its camera, cameras/ID or a uid."""

    line: int
    camera: str
    consent: consent_pb2.Consent


def read_consents(file: Path, time_zone: ZoneInfo) -> list[ConsentRow]:
    """The file's consents. Times without an offset are the time zone's.

    Raises InvalidArgumentError naming the line and the column for what cannot be read.
    """
    reader = csv.DictReader(io.StringIO(_text(file)), strict=True)
    columns = reader.fieldnames or ()
    unknown, missing = set(columns) - set(COLUMNS), set(REQUIRED) - set(columns)
    if unknown or missing:
        problem = f"has unknown columns {sorted(unknown)}" if unknown else f"lacks columns {sorted(missing)}"
        raise InvalidArgumentError("admin.consents", f"{file} {problem}", field="file")
    rows: list[ConsentRow] = []
    try:
        for fields in reader:
            with at_line(reader.line_num):
                if None in fields.values() or None in fields:
                    raise InvalidArgumentError(
                        "admin.consents", "file has not as many fields as the first line", field="file"
                    )
                rows.append(_row(reader.line_num, fields, time_zone))
    except csv.Error as error:
        raise InvalidArgumentError(
            "admin.consents", f"line {reader.line_num}: file is not CSV", field="file"
        ) from error
    return rows


def _row(line: int, fields: Mapping[str, str], time_zone: ZoneInfo) -> ConsentRow:
    text = {name: (fields.get(name) or "").strip() for name in COLUMNS}
    for name in REQUIRED:
        if not text[name]:
            raise InvalidArgumentError("admin.consents", f"{name} is required", field=name)
    consent = consent_pb2.Consent(
        audience=consent_pb2.Audience(
            principal=text["principal"],
            organisation=text["organisation"],
            line=text["line"].lower(),
            region=region_name(text["region"]) if text["region"] else "",
        ),
        actions=text["actions"].split(),
        hours_from=text["hours_from"],
        hours_to=text["hours_to"],
        paper_reference=text["paper_reference"],
    )
    consent.end_time.FromMilliseconds(read_instant(text["end_time"], "end_time", time_zone))
    if text["footage_from"]:
        instant_ms = read_instant(text["footage_from"], "footage_from", time_zone)
        consent.footage_from.FromMilliseconds(instant_ms)
    return ConsentRow(line, text["camera"], consent)


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("gb18030")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgumentError("admin.consents", f"{file} cannot be read", field="file") from error
