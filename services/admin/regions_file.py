"""A file of regions."""

from collections.abc import Mapping
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.admin.csv_file import read_rows
from snowlight.api.auth.v1 import auth_pb2
from snowlight.csv_table import at_line
from snowlight.errors import InvalidArgumentError

COLUMNS = (
    "code", "parent", "level", "display_name", "valid_from", "valid_to", "households", "population",
)  # fmt: skip
LEVELS = {
    name.lower().removesuffix("_region"): value for name, value in auth_pb2.RegionLevel.items() if value
}
REQUIRED = ("code", "level", "display_name")


class RegionRow(NamedTuple):
    """A region and the line of the file it is from."""

    line: int
    region: auth_pb2.Region


def read_regions(file: Path, time_zone: ZoneInfo) -> list[RegionRow]:
    """The file's regions, parents before what lies in them. Dates are the time zone's midnights.

    Raises InvalidArgumentError naming the line for what cannot be read, a code that comes twice, and regions
    that lie in each other in a circle.
    """
    rows: dict[str, RegionRow] = {}
    for line, text, _ in read_rows(file, COLUMNS, REQUIRED, "admin.regions"):
        with at_line(line):
            row = RegionRow(line, region_of(text, time_zone))
        if row.region.name in rows:
            raise _at(line, "code", f"{row.region.name} is on line {rows[row.region.name].line} too")
        rows[row.region.name] = row
    return _parents_first(rows)


def region_of(fields: Mapping[str, str | None], time_zone: ZoneInfo) -> auth_pb2.Region:
    """The region that texts describe; empty ones are left to auth. Raises InvalidArgumentError by field."""
    text = {name: (fields.get(name) or "").strip() for name in COLUMNS}
    if text["level"].lower() not in LEVELS:
        raise _invalid("level", f"must be one of {', '.join(LEVELS)}")
    region = auth_pb2.Region(
        name=region_name(text["code"]),
        parent=region_name(text["parent"]) if text["parent"] else "",
        level=LEVELS[text["level"].lower()],
        display_name=text["display_name"],
        households=_count(text["households"], "households"),
        population=_count(text["population"], "population"),
    )
    if text["valid_from"]:
        region.valid_from.FromDatetime(_date(text["valid_from"], "valid_from", time_zone))
    if text["valid_to"]:
        region.valid_to.FromDatetime(_date(text["valid_to"], "valid_to", time_zone))
    return region


def region_name(code: str) -> str:
    """The name "regions/{code}", which people may write as the code alone."""
    return code if code.startswith("regions/") else f"regions/{code}"


def _parents_first(rows: dict[str, RegionRow]) -> list[RegionRow]:
    order: TopologicalSorter[str] = TopologicalSorter()
    for name, row in rows.items():
        if row.region.parent:
            order.add(name, *({row.region.parent} & rows.keys()))
        else:
            # Auth takes the nearest region that the code lies in: all of those must be there first.
            order.add(name, *(rows.keys() & {name[:end] for end in range(len("regions/") + 1, len(name))}))
    try:
        return [rows[name] for name in order.static_order()]
    except CycleError as error:
        circle = list(dict.fromkeys(error.args[1]))
        raise _at(rows[circle[0]].line, "parent", f"{', '.join(circle)} lie in each other") from error


def _at(line: int, field: str, problem: str) -> InvalidArgumentError:
    return _invalid(field, problem, f"line {line}: ")


def _invalid(field: str, problem: str, where: str = "") -> InvalidArgumentError:
    return InvalidArgumentError("admin.regions", f"{where}{field} {problem}", field=field)


def _count(text: str, field: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise _invalid(field, "must be a number of at most nine digits")
    return int(text)


def _date(text: str, field: str, time_zone: ZoneInfo) -> datetime:
    try:
        date = datetime.fromisoformat(text)
    except ValueError as error:
        raise _invalid(field, "must be a date like 2020-09-30") from error
    return date if date.tzinfo else date.replace(tzinfo=time_zone)
