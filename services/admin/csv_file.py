"""CSV files that an administrator hands in, taken whole or not at all."""

from collections.abc import Collection, Iterator
from pathlib import Path

from snowlight.csv_table import Row, at_line, encoding_of, read_table
from snowlight.errors import InvalidArgumentError


def read_rows(file: Path, columns: Collection[str], required: Collection[str], code: str) -> Iterator[Row]:
    """The file's rows below its first line, which names `columns` in any order, all of `required` among them.

    A column that the file lacks is empty. Raises InvalidArgumentError(code) naming the line for what cannot
    be read.
    """
    empty = dict.fromkeys(columns, "")
    try:
        with file.open("rb") as data:
            encoding = encoding_of(data, code)
            for row in read_table(
                data, encoding, lambda title: title if title in columns else "", required, code
            ):
                if row.problem is not None:
                    with at_line(row.line):
                        raise row.problem
                if row.text:
                    yield Row(row.line, empty | row.text)
    except OSError as error:
        raise InvalidArgumentError(code, f"{file} cannot be read", field="file") from error
