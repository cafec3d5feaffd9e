"""Spans joined, subtracted and written down, against the plainest way to do it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.storage.index.spans import decode_spans, encode_spans, join_spans, subtract_spans
from services.storage.ledger.timeline import Span
from services.storage.segment import JOIN_MS

SPANS = st.lists(
    st.builds(
        lambda start, length: Span(start, start + length), st.integers(0, 20_000), st.integers(1, 5_000)
    ),
    max_size=12,
)


@given(SPANS)
def test_joined_spans_are_apart_and_cover_what_was_given(spans: list[Span]) -> None:
    joined = join_spans(spans)
    assert all(after.start_ms - before.end_ms > JOIN_MS for before, after in pairwise(joined))
    covered = {ms for span in spans for ms in range(span.start_ms, span.end_ms)}
    joined_ms = {ms for span in joined for ms in range(span.start_ms, span.end_ms)}
    assert covered <= joined_ms
    assert {span.start_ms for span in joined} <= {span.start_ms for span in spans}
    assert {span.end_ms for span in joined} <= {span.end_ms for span in spans}


@given(SPANS, SPANS)
def test_subtracting_leaves_exactly_what_the_others_do_not_cover(
    spans: list[Span], others: list[Span]
) -> None:
    spans, others = join_spans(spans), join_spans(others)
    left = subtract_spans(spans, others)
    covered = {ms for span in others for ms in range(span.start_ms, span.end_ms)}
    expected = {ms for span in spans for ms in range(span.start_ms, span.end_ms)} - covered
    assert {ms for span in left for ms in range(span.start_ms, span.end_ms)} == expected
    assert sum(span.end_ms - span.start_ms for span in left) == len(expected)


@given(SPANS)
def test_spans_are_read_as_they_were_written(spans: list[Span]) -> None:
    joined = join_spans(spans)
    assert decode_spans(encode_spans(joined, 0), 0) == joined


def test_an_unbroken_day_takes_seven_bytes() -> None:
    begin_ms = 19_675 * 86_400_000
    assert len(encode_spans([Span(begin_ms + 5_000, begin_ms + 86_400_000)], begin_ms)) <= 7
