"""What a device sends is read in the time that its length takes, however it is nested."""

import time
from collections.abc import Callable
from xml.etree.ElementTree import Element

import pytest

from services.ingest.discovery.bounded_xml import below, parse_xml, text_of
from services.ingest.discovery.device import read_profiles
from services.ingest.discovery.probing import read_match
from services.ingest.discovery.soap import read_time

_DATE = "<Date><Year>2020</Year><Month>1</Month><Day>1</Day></Date>"


def nested(*names: str, depth: int, leaves: str) -> bytes:
    """Each of `names` `depth` times in itself, the next inside, and `leaves` in the innermost."""
    opened = "".join(f"<{name}>" * depth for name in names)
    closed = "".join(f"</{name}>" * depth for name in reversed(names))
    return f"<E>{opened}{leaves}{closed}</E>".encode()


def cpu_s(work: Callable[[], object]) -> float:
    """The least of three times."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def read_datagram(root: Element) -> object:
    return [text_of(match, "EndpointReference", "Address") for match in below(root, "ProbeMatch")]


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (("ProbeMatch", "EndpointReference"), read_datagram),
        (("UTCDateTime", "Time"), read_time),
        (("Profiles", "VideoEncoderConfiguration"), read_profiles),
    ],
    ids=["a datagram", "a clock", "profiles"],
)
def test_reading_costs_no_more_than_parsing_however_deep(
    names: tuple[str, ...], read: Callable[[Element], object]
) -> None:
    data = nested(*names, depth=30, leaves=_DATE + "<a/>" * 15_000)
    root = parse_xml(data)
    assert cpu_s(lambda: read(root)) < cpu_s(lambda: parse_xml(data))


def test_what_lies_in_its_like_is_found_once_and_with_the_outermost() -> None:
    root = parse_xml(b"<a><b>1<c>2</c><b>3<c>4<c>5</c></c></b></b><d><b>6</b></d><b>7<c>8</c></b></a>")
    assert [found.text for found in below(root, "b")] == ["1", "6", "7"]
    assert [found.text for found in below(root, "b", "c")] == ["2", "4", "8"]
    assert [found.text for found in below(root, "b", "b")] == ["3"]
    assert [found.text for found in below(root, "d", "b")] == ["6"]
    assert list(below(root, "a")) == [], "not below itself"
    assert text_of(root, "b", "c") == "2"


def test_of_a_datagram_with_many_matches_the_first_counts() -> None:
    matches = "".join(
        f"<ProbeMatch><EndpointReference><Address>{name}</Address></EndpointReference></ProbeMatch>"
        for name in ("first", "second")
    )
    found = read_match(f"<E>{matches}</E>".encode(), "192.0.2.1")
    assert found is not None
    assert found.endpoint == "first"
    assert read_match(b"<E/>", "192.0.2.1") is None
