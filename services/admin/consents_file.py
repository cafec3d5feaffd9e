"""A file of consents on paper."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.admin.csv_file import read_rows
from services.admin.instants import read_instant
from services.admin.regions_file import region_name
from snowlight.api.auth.v1 import consent_pb2
from snowlight.csv_table import at_line
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
    rows: list[ConsentRow] = []
    for line, text, _ in read_rows(file, COLUMNS, REQUIRED, "admin.consents"):
        with at_line(line):
            rows.append(_row(line, text, time_zone))
    return rows


def _row(line: int, text: Mapping[str, str], time_zone: ZoneInfo) -> ConsentRow:
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
