"""CSV as offices exchange it, in UTF-8 or in the GB 18030 that spreadsheets write."""

import csv
import io
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from snowlight.errors import InvalidArgumentError, SnowlightError


class Row(NamedTuple):
    """The line of the file that a row ends on, and its texts by column, without blanks around them."""

    line: int
    text: dict[str, str]


def read_rows(file: Path, columns: Collection[str], required: Collection[str], code: str) -> Iterator[Row]:
    """The file's rows below its first line, which names `columns` in any order, all of `required` among them.

    A column that the file lacks is empty. Raises InvalidArgumentError(code) naming the line for what cannot
    be read.
    """
    reader = csv.DictReader(io.StringIO(_text(file, code)), strict=True)
    try:
        given = reader.fieldnames or ()
        unknown, missing = set(given) - set(columns), set(required) - set(given)
        if unknown or missing:
            what = f"has unknown columns {sorted(unknown)}" if unknown else f"lacks columns {sorted(missing)}"
            raise InvalidArgumentError(code, f"{file} {what}", field="file")
        for fields in reader:
            if None in fields.values() or None in fields:
                raise _wrong(code, reader.line_num, "has not as many fields as the first line")
            yield Row(reader.line_num, {name: (fields.get(name) or "").strip() for name in columns})
    except csv.Error as error:
        raise _wrong(code, reader.line_num, "is not CSV") from error


@contextmanager
def at_line(line: int) -> Iterator[None]:
    """Say the line of the file in the error of what fails inside."""
    try:
        yield
    except SnowlightError as error:
        raise type(error)(error.code, f"line {line}: {error.detail}", field=error.field) from error


def _wrong(code: str, line: int, problem: str) -> InvalidArgumentError:
    return InvalidArgumentError(code, f"line {line}: file {problem}", field="file")


def _text(file: Path, code: str) -> str:
    try:
        data = file.read_bytes()
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return data.decode("gb18030")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgumentError(code, f"{file} cannot be read", field="file") from error
