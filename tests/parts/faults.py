"""A proxy before an object store that loses answers, lies, stalls and cuts off, as it is told to."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit

_CHUNK = 64 << 10


class Fault(Enum):
    """What becomes of one request."""

    ANSWER_LOST = "done by the store; the connection ends without an answer"
    CONFLICT = 409
    PRECONDITION = 412
    ERROR = 500
    SLOW_DOWN = 503
    HALF_OPEN = "taken, and never answered"
    SLOW_BODY = "taken slowly"
    TRUNCATED = "answered by half a body"
    REFUSED = "the connection ends at once"


_REASONS = {
    Fault.CONFLICT: "ConditionalRequestConflict",
    Fault.PRECONDITION: "PreconditionFailed",
    Fault.ERROR: "InternalError",
    Fault.SLOW_DOWN: "SlowDown",
}


@dataclass
class FaultProxy:
    """`endpoint` stands for the store's own. Each request to an object takes the next fault of its method."""

    target: str
    endpoint: str = ""
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    always: Callable[[str, str], Fault | None] = lambda method, path: None
    """What becomes of requests, by method and path, for which no fault is queued."""
    slow_bytes_per_second: float = 50_000
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each request to an object, in order."""
    running: int = 0
    most_running: int = 0
    """Requests to objects at one time, at most."""

    def queue(self, method: str, *faults: Fault) -> None:
        """The next requests of `method` end so."""
        self.faults.setdefault(method, deque()).extend(faults)

    def left(self) -> int:
        """Faults that no request has met yet."""
        return sum(map(len, self.faults.values()))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection, until either side ends it."""
        try:
            while await self._exchange(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer. False when the connection is to end."""
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ", 2)
        is_object = "/rec/" in path
        fault = self._fault(method, path) if is_object else None
        self.running += is_object
        self.most_running = max(self.running, self.most_running)
        try:
            return await self._answer(method, head, fault, reader, writer)
        finally:
            self.running -= is_object

    def _fault(self, method: str, path: str) -> Fault | None:
        self.seen.append((method, path))
        queued = self.faults.get(method)
        return queued.popleft() if queued else self.always(method, path)

    async def _answer(
        self,
        method: str,
        head: bytes,
        fault: Fault | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        if fault is Fault.REFUSED:
            return False
        body = await self._body(reader, _length(head), slow=fault is Fault.SLOW_BODY)
        if fault is Fault.HALF_OPEN:
            await reader.read()  # until the client gives up
            return False
        if fault in _REASONS:
            text = f"<Error><Code>{_REASONS[fault]}</Code><Message>as told</Message></Error>".encode()
            writer.write(b"HTTP/1.1 %d Told\r\nContent-Length: %d\r\n\r\n" % (fault.value, len(text)) + text)
            await writer.drain()
            return True
        answer, payload = await self._ask(method, head, body)
        if fault is Fault.ANSWER_LOST:
            return False
        writer.write(answer + (payload[: len(payload) // 2] if fault is Fault.TRUNCATED else payload))
        await writer.drain()
        return fault is not Fault.TRUNCATED

    async def _body(self, reader: asyncio.StreamReader, length: int, *, slow: bool) -> bytes:
        body = bytearray()
        while len(body) < length:
            chunk = await reader.read(min(_CHUNK, length - len(body)))
            if not chunk:
                raise asyncio.IncompleteReadError(bytes(body), length)
            body += chunk
            if slow:
                await asyncio.sleep(len(chunk) / self.slow_bytes_per_second)
        return bytes(body)

    async def _ask(self, method: str, head: bytes, body: bytes) -> tuple[bytes, bytes]:
        """The store's own answer: head and body."""
        target = urlsplit(self.target)
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        try:
            writer.write(head + body)
            await writer.drain()
            answer = await reader.readuntil(b"\r\n\r\n")
            payload = b"" if method == "HEAD" else await reader.readexactly(_length(answer))
            return answer, payload
        finally:
            writer.close()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


@asynccontextmanager
async def run_fault_proxy(target: str) -> AsyncIterator[FaultProxy]:
    """A proxy before the store at `target`, without faults, while the context is open."""
    proxy = FaultProxy(target)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.endpoint = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
