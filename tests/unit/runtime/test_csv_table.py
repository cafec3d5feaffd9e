"""A table from strangers is read row by row, each of bounded length, and refused by name where it is none."""

import io

import pytest

from snowlight.csv_table import LONGEST_ROW, MOST_COLUMNS, UTF_8, Row, read_table
from snowlight.errors import InvalidArgumentError


def rows_of(text: str) -> list[Row]:
    return list(read_table(io.BytesIO(text.encode()), UTF_8, str.lower, ("a",), "file.bad"))


def test_an_empty_row_has_its_line_and_no_text() -> None:
    assert rows_of('a,b\n1, 2\n\n , \n,,,\n"x\ny",\n') == [
        Row(2, {"a": "1", "b": "2"}),
        Row(3, {}),
        Row(4, {}),
        Row(5, {}),
        Row(7, {"a": "x\ny", "b": ""}),
    ]


@pytest.mark.parametrize("filling", ["x", "\n"], ids=["on a line", "of many lines"])
def test_after_a_row_that_is_too_long_nothing_is_read(filling: str) -> None:
    def table(length: int) -> str:
        return f'a\nfirst\n"{filling * (length - 4)}x"\nlast\n'

    assert [row.problem for row in rows_of(table(LONGEST_ROW))] == [None, None, None]
    first, second = rows_of(table(LONGEST_ROW + 1))
    assert (first.text, first.problem) == ({"a": "first"}, None)
    assert second.problem is not None
    assert (second.problem.code, second.problem.field) == ("file.bad", "file")
    assert f"over {LONGEST_ROW} characters" in second.problem.detail
    assert second.line == 3 if filling == "x" else second.line > 3


@pytest.mark.parametrize(
    ("titles", "said"),
    [
        (["a", *(f"c{number}" for number in range(MOST_COLUMNS))], f"over {MOST_COLUMNS} columns"),
        (["a", *["c"] * MOST_COLUMNS], f"over {MOST_COLUMNS} columns"),
        (["a", "b", "B", "c", "C", "d"], "columns twice: ['b', 'c']"),
        (["a", "x" * 1000], f"unknown columns ['{'x' * 64}']"),
        (["a" * LONGEST_ROW], f"over {LONGEST_ROW} characters"),
    ],
)
def test_a_first_line_that_is_not_right_is_refused_by_name(titles: list[str], said: str) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        rows_of(f"{','.join(titles)}\n")
    assert raised.value.code == "file.bad"
    assert said in raised.value.detail


def test_as_many_columns_as_a_table_may_have_are_read() -> None:
    titles = ["a", *(f"c{number}" for number in range(MOST_COLUMNS - 1))]
    ((line, text, problem),) = rows_of(f"{','.join(titles)}\n{',' * (MOST_COLUMNS - 1)}x\n")
    assert (line, text[titles[-1]], len(text), problem) == (2, "x", MOST_COLUMNS, None)
