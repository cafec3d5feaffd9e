"""What cameras said once, damaged in every way: nothing breaks, nothing grows, nothing goes on for ever.

`corpus` holds what came over connections to simulated cameras, answers and media alike.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.sources.rtsp.sdp import choose_audio, choose_video, parse_session_description
from services.ingest.sources.source import SourceError
from tests.fuzz.mutation import MUTATIONS, Mutation
from tests.unit.sources.listener import Listener

CORPUS = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "corpus").iterdir()}


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_the_corpus_itself_is_understood(name: str) -> None:
    listener = Listener()
    listener.feed(CORPUS[name])
    assert len(listener.sink.video) > 20
    assert any(key for _, _, key in listener.sink.video)
    assert listener.sink.losses == []


@pytest.mark.parametrize("name", sorted(CORPUS))
@given(mutations=MUTATIONS, size=st.integers(1, 8000))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_stream_ends_in_an_error_that_is_told_or_goes_on(
    name: str, mutations: list[Mutation], size: int
) -> None:
    """Nothing but SourceError is raised, and nothing is told that did not come."""
    data = bytearray(CORPUS[name])
    for mutate in mutations:
        mutate(data)
    listener = Listener()
    try:
        for start in range(0, len(data), size):
            listener.feed(bytes(data[start : start + size]))
    except SourceError as error:
        assert error.code.startswith("camera.")
    told = sum(len(unit) for unit, _, _ in listener.sink.video) + sum(
        len(unit) for unit, _ in listener.sink.audio
    )
    assert told <= 5 * len(data)  # a unit of one byte gets a length of four


@given(mutations=MUTATIONS)
@settings(max_examples=150, deadline=None)
def test_a_damaged_description_is_read_or_refused(mutations: list[Mutation]) -> None:
    for recorded in CORPUS.values():
        start = recorded.index(b"v=0")
        data = bytearray(recorded[start : recorded.index(b"RTSP/1.0", start)])
        for mutate in mutations:
            mutate(data)
        described = parse_session_description(data.decode("utf-8", "replace"))
        choose_audio(described)
        try:
            assert choose_video(described)[1].clock_rate == 90_000
        except SourceError as error:
            assert error.code in ("camera.no_video", "camera.codec_unsupported")
