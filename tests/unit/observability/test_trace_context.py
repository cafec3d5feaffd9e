"""A request's id is believed only where it is well-formed, and is in all logs of its work alone."""

import asyncio

import pytest
import structlog

from snowlight.observability.trace_context import (
    TraceContext,
    current_trace,
    new_trace,
    parse_traceparent,
    work_for,
    working_for,
)

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("field", "sampled"),
    [
        (f"00-{TRACE}-{SPAN}-01", True),
        (f"00-{TRACE}-{SPAN}-00", False),
        (f"00-{TRACE}-{SPAN}-03", True),
        (f"01-{TRACE}-{SPAN}-01", True),
        (f"cc-{TRACE}-{SPAN}-01-what-will-be-the-future", True),
    ],
)
def test_what_is_well_formed_is_read(field: str, sampled: bool) -> None:
    assert parse_traceparent(field) == TraceContext(TRACE, SPAN, sampled)


@pytest.mark.parametrize(
    "field",
    [
        "",
        TRACE,
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE[:-1]}٣-{SPAN}-01",
        f'00-{TRACE[:-1]}"-{SPAN}-01',
        f"cc-{TRACE}-{SPAN}-01-{'x' * 10_000}",
    ],
)
def test_what_is_not_is_passed_over(field: str) -> None:
    assert parse_traceparent(field) is None


def test_what_is_told_is_what_is_read() -> None:
    made = new_trace()
    assert parse_traceparent(made.traceparent()) == made
    assert new_trace().trace_id != made.trace_id


async def test_only_a_request_s_own_work_has_its_id() -> None:
    first, second = new_trace(), new_trace()

    async def work(trace: TraceContext) -> tuple[TraceContext | None, object]:
        work_for(trace)
        await asyncio.sleep(0)
        return current_trace(), structlog.contextvars.get_contextvars()["trace_id"]

    both = await asyncio.gather(work(first), work(second))
    assert list(both) == [(first, first.trace_id), (second, second.trace_id)]
    assert current_trace() is None
    with working_for(first):
        assert (await asyncio.create_task(asyncio.sleep(0, current_trace()))) == first
    assert current_trace() is None
    assert "trace_id" not in structlog.contextvars.get_contextvars()
