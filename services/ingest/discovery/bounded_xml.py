"""XML from strangers: small, shallow, and without the declarations that make little into much."""

from collections.abc import Iterator
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from services.ingest.sources.source import SourceError

MAX_BYTES = 512 << 10
_MAX_DEPTH = 64
_MAX_ELEMENTS = 20_000
_BETWEEN = "}"  # of namespace and local name, as expat joins them


def parse_xml(data: bytes) -> Element:
    """The root of a document; tags are local names: namespaces are left out, since devices muddle them.

    A document type is refused, and with it every entity (XML 1.0, 2.8 and 4.2). Raises SourceError
    camera.protocol_error.
    """
    if len(data) > MAX_BYTES:
        raise _refusal(f"over {MAX_BYTES >> 10} KiB")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=_BETWEEN)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.builder.data
    try:
        parser.Parse(data, True)
        return reader.builder.close()
    except (expat.ExpatError, AssertionError, ValueError, LookupError):
        raise _refusal("malformed") from None


def below(element: Element, *names: str) -> Iterator[Element]:
    """The elements of the last of `names` that lie below those of the name before it, however deep.

    Of those of one name that lie in each other the outermost is meant: so none is looked at again for each
    that it lies in, and all of them together cost no more than the document is long.
    """
    first, *rest = names
    inside: set[Element] = set()
    for found in element.iter(first):
        if found is element or found in inside:
            continue
        if rest:
            yield from below(found, *rest)
        else:
            yield found
        inside.update(found.iter(first))


def text_of(element: Element, *names: str) -> str:
    """The text of the first such element, empty if there is none."""
    found = next(below(element, *names), None)
    return "" if found is None or not found.text else found.text.strip()


class _Reader:
    def __init__(self) -> None:
        self.builder = TreeBuilder()
        self._depth = 0
        self._elements = 0

    def doctype(self, *_: object) -> NoReturn:
        raise _refusal("a document type")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _MAX_DEPTH or self._elements > _MAX_ELEMENTS:
            raise _refusal("too deep or of too many elements")
        local = {key.rpartition(_BETWEEN)[2]: value for key, value in attributes.items()}
        self.builder.start(name.rpartition(_BETWEEN)[2], local)

    def end(self, name: str) -> None:
        self._depth -= 1
        self.builder.end(name.rpartition(_BETWEEN)[2])


def _refusal(why: str) -> SourceError:
    return SourceError("camera.protocol_error", f"the device answers with XML that is refused: {why}")
