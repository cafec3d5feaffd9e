"""CSV as offices exchange it (RFC 4180): in UTF-8, or in GB 18030, as spreadsheets write (GBK is a part)."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple, TextIO

from snowlight.errors import InvalidArgumentError, SnowlightError

UTF_8, GB_18030 = "utf-8", "gb18030"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""With these a cell begins that a spreadsheet takes for a formula."""
MOST_COLUMNS = 256
LONGEST_ROW = 1 << 16
"""Characters, quotes among them. csv.reader lets nobody else run until it has a row together."""
_LONGEST_TITLE = 128
_PIECE = 1 << 16


class Row(NamedTuple):
    """The line of the file that a row ends on, and its texts by column, without blanks around them; no text
    at all of a row of empty cells."""

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

    `column_of` gives the column that a title means, "" for none. After a row that is not CSV, or longer than
    `LONGEST_ROW`, comes no other: nobody knows where the next begins.
    Raises InvalidArgumentError(code), field "file", for a first line that is not right.
    """
    text = io.TextIOWrapper(data, "utf-8-sig" if encoding == UTF_8 else encoding, newline="")
    lines = _Lines(text, code)
    reader = csv.reader(lines, strict=True)
    try:
        columns = _columns(next(reader, []), column_of, required, code)
        yield from _rows(reader, lines, columns, code)
    except csv.Error:
        problem = "file is not CSV, nor is what follows"
        yield Row(lines.number, {}, InvalidArgumentError(code, problem, field="file"))
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


class _Lines:
    """The lines of a text, of which csv.reader takes as many as a row has."""

    def __init__(self, text: TextIO, code: str) -> None:
        self.number = 0
        """Of the newest line, the first is 1."""
        self._text = text
        self._code = code
        self._left = LONGEST_ROW

    def begin_row(self) -> None:
        """The next line is another row's."""
        self._left = LONGEST_ROW

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Raises InvalidArgumentError for a row that is too long."""
        line = self._text.readline(self._left + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._left -= len(line)
        if self._left < 0:
            problem = f"file has a row of over {LONGEST_ROW} characters, nor is what follows read"
            raise InvalidArgumentError(self._code, problem, field="file")
        return line


def _rows(reader: Iterator[list[str]], lines: _Lines, columns: Collection[str], code: str) -> Iterator[Row]:
    try:
        lines.begin_row()
        for cells in reader:
            if not "".join(cells).strip():
                yield Row(lines.number, {})
            elif len(cells) == len(columns):
                texts = (cell.strip() for cell in cells)
                yield Row(lines.number, dict(zip(columns, texts, strict=True)))
            else:
                problem = "file has not as many fields as the first line"
                yield Row(lines.number, {}, InvalidArgumentError(code, problem, field="file"))
            lines.begin_row()
    except InvalidArgumentError as error:
        yield Row(lines.number, {}, error)


def _columns(
    titles: list[str], column_of: Callable[[str], str], required: Collection[str], code: str
) -> list[str]:
    if len(titles) > MOST_COLUMNS:
        raise InvalidArgumentError(code, f"the file has over {MOST_COLUMNS} columns", field="file")
    columns = [column_of(title.strip()) if len(title) <= _LONGEST_TITLE else "" for title in titles]
    unknown = [title[:64] for title, column in zip(titles, columns, strict=True) if not column]
    missing = set(required) - set(columns)
    twice = [column for column, times in Counter(columns).items() if times > 1]
    if unknown:
        raise InvalidArgumentError(code, f"the file has unknown columns {unknown[:10]}", field="file")
    if missing:
        raise InvalidArgumentError(code, f"the file lacks columns {sorted(missing)}", field="file")
    if twice:
        raise InvalidArgumentError(code, f"the file has columns twice: {sorted(twice)[:10]}", field="file")
    return columns
