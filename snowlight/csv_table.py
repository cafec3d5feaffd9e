"""CSV as offices exchange it (RFC 4180): in UTF-8, or in GB 18030, as spreadsheets write (GBK is a part)."""

import codecs
import csv
import io
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

from snowlight.errors import InvalidArgumentError, SnowlightError

UTF_8, GB_18030 = "utf-8", "gb18030"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""With these a cell begins that a spreadsheet takes for a formula."""
_PIECE = 1 << 16


class Row(NamedTuple):
    """The line of the file that a row ends on, and its texts by column, without blanks around them."""

    line: int
    text: dict[str, str]
    problem: InvalidArgumentError | None = None
    """Why it is no row of the table."""


def encoding_of(data: IO[bytes], code: str) -> str:
    """`UTF_8` or `GB_18030`, of all of `data`, which is at its beginning before and after.

    Raises InvalidArgumentError(code) for what is neither.
    """
    for encoding in (UTF_8, GB_18030):
        decoder = codecs.getincrementaldecoder(encoding)()
        data.seek(0)
        try:
            while piece := data.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        data.seek(0)
        return encoding
    raise InvalidArgumentError(code, "the file is neither UTF-8 nor GB 18030 text", field="file")


def read_table(
    data: IO[bytes],
    encoding: str,
    column_of: Callable[[str], str],
    required: Collection[str],
    code: str,
) -> Generator[Row, None, None]:
    """The rows below the first line, which names the columns in any order, all of `required` among them.

    `column_of` gives the column that a title means, "" for none. A row of empty cells is passed
    over. After one that is not CSV comes no other: nobody knows where the next begins.
    Raises InvalidArgumentError(code), field "file", for a first line that is not right.
    """
    text = io.TextIOWrapper(data, "utf-8-sig" if encoding == UTF_8 else encoding, newline="")
    reader = csv.reader(text, strict=True)
    try:
        columns = _columns(next(reader, []), column_of, required, code)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) == len(columns):
                texts = (cell.strip() for cell in cells)
                yield Row(reader.line_num, dict(zip(columns, texts, strict=True)))
            else:
                problem = "file has not as many fields as the first line"
                yield Row(reader.line_num, {}, InvalidArgumentError(code, problem, field="file"))
    except csv.Error:
        problem = "file is not CSV, nor is what follows"
        yield Row(reader.line_num, {}, InvalidArgumentError(code, problem, field="file"))
    finally:
        text.detach()  # the stream is the caller's to close


def harmless(cell: str) -> str:
    """`cell` so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def unarmed(cell: str) -> str:
    """What `harmless` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell


@contextmanager
def at_line(line: int) -> Iterator[None]:
    """Say the line of the file in the error of what fails inside."""
    try:
        yield
    except SnowlightError as error:
        raise type(error)(error.code, f"line {line}: {error.detail}", field=error.field) from error


def _columns(
    titles: list[str], column_of: Callable[[str], str], required: Collection[str], code: str
) -> list[str]:
    columns = [column_of(title.strip()) for title in titles]
    unknown = [title[:64] for title, column in zip(titles, columns, strict=True) if not column]
    missing = set(required) - set(columns)
    twice = {column for column in columns if columns.count(column) > 1}
    if unknown:
        raise InvalidArgumentError(code, f"the file has unknown columns {unknown[:10]}", field="file")
    if missing:
        raise InvalidArgumentError(code, f"the file lacks columns {sorted(missing)}", field="file")
    if twice:
        raise InvalidArgumentError(code, f"the file has columns twice: {sorted(twice)[:10]}", field="file")
    return columns
