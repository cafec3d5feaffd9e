"""A PUT whose body the kernel writes: what the store says counts, whenever it says it."""

import asyncio
import gc
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvloop
from obstore.exceptions import AlreadyExistsError
from obstore.store import MemoryStore, S3Store
from pydantic import SecretStr

from services.ingest.recording.sendfile import SendfilePut, takes_sendfile
from snowlight.object_store import ObjectStoreSettings, open_store
from tests.parts.open_files import opened

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SECRET = "a-secret-key"
KEY = "rec/gate 1/+x.mp4"
BODY = bytes(range(256)) * 40_000
"""More than a socket's buffers hold."""


def bucket(endpoint: str, **settings: object) -> S3Store:
    described = ObjectStoreSettings(
        url="s3://footage", endpoint=endpoint, access_key="key", secret_key=SecretStr(SECRET)
    )
    store = open_store(described.model_copy(update=settings), Path("unused"))
    assert isinstance(store, S3Store)
    return store


@asynccontextmanager
async def store_that(answers: Answer) -> AsyncIterator[SendfilePut]:
    server = await asyncio.start_server(answers, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield SendfilePut(bucket(f"http://127.0.0.1:{port}"), 2)


async def take_minute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[bytes, bytes]:
    """As a store does. Head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(len(BODY) - 7)
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: "1"\r\n\r\n')
    writer.close()
    return head, body


@pytest.fixture
def minute(tmp_path: Path) -> Path:
    path = tmp_path / "minute.mp4"
    path.write_bytes(BODY)
    return path


@pytest.mark.parametrize("replace", [False, True])
async def test_a_store_gets_the_first_bytes_of_the_file_on_its_condition(minute: Path, replace: bool) -> None:
    got: list[tuple[bytes, bytes]] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await take_minute(reader, writer))

    async with store_that(take) as put:
        await put.put(minute, len(BODY) - 7, KEY, replace=replace)
    ((head, body),) = got
    assert body == BODY[:-7]
    assert head.startswith(b"PUT /footage/rec/gate%201/%2Bx.mp4?X-Amz-")
    assert (b"\r\nIf-None-Match: *\r\n" in head) is not replace


class Early(Enum):
    """How a store refuses."""

    BEHIND_THE_BODY = auto()
    AND_HANGS_UP = auto()
    AND_READS_NO_MORE = auto()


@pytest.mark.parametrize(
    ("status", "error", "told"),
    [
        ("412 Precondition Failed", AlreadyExistsError, KEY.replace("+", r"\+")),
        ("403 Forbidden", OSError, "^HTTP status 403 AccessDenied$"),
        ("307 Temporary Redirect", OSError, "^HTTP status 307 AccessDenied$"),
    ],
)
@pytest.mark.parametrize("early", Early)
async def test_a_refusal_is_told_by_its_name_also_before_the_body_is_through(
    minute: Path, status: str, error: type[Exception], told: str, early: Early
) -> None:
    through = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if early is Early.BEHIND_THE_BODY:
            await reader.readexactly(len(BODY))
        said = b"<Error><Code>AccessDenied</Code></Error>"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(said)}\r\n\r\n".encode() + said)
        await writer.drain()
        if early is Early.AND_READS_NO_MORE:
            await through.wait()
        writer.close()

    async with store_that(refuse) as put, asyncio.timeout(5):
        with pytest.raises(error, match=told):
            await put.put(minute, len(BODY), KEY, replace=False)
        through.set()


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0", b"SSH-2.0-x\r\n", b"\x00" * 70_000]
)
async def test_what_is_no_answer_is_an_error(minute: Path, said: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(BODY))
        writer.write(said)
        writer.close()

    async with store_that(answer) as put:
        with pytest.raises(OSError, match=r"no answer|no object store's") as refused:
            await put.put(minute, len(BODY), KEY, replace=False)
    assert "X-Amz-" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("tag", ["", 'ETag: "1"\r\n'])
async def test_that_all_is_well_counts_from_a_store_that_has_taken_all(minute: Path, tag: str) -> None:
    """A page of somebody else's, with 200 for whatever it is asked; a store that says so too early."""

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if not tag:
            await reader.readexactly(len(BODY))
        writer.write(f"HTTP/1.1 200 OK\r\n{tag}Content-Length: 5\r\n\r\nhello".encode())
        writer.close()

    async with store_that(welcome) as put:
        with pytest.raises(OSError, match=r"without an ETag|no answer"):
            await put.put(minute, len(BODY), KEY, replace=False)


async def test_a_file_that_has_become_shorter_is_no_object(minute: Path) -> None:
    came: asyncio.Queue[int] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        came.put_nowait(len(await reader.read(-1)))
        writer.close()

    async with store_that(take) as put:
        with pytest.raises(ValueError, match="shorter"):
            await put.put(minute, len(BODY) + 1, KEY, replace=False)
        assert await came.get() == len(BODY)


async def test_nothing_more_is_sent_once_it_is_cancelled(minute: Path) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
    begun, cancelled, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        await cancelled.wait()
        assert len(await reader.read(-1)) < len(BODY)
        ended.set()
        writer.close()

    async with store_that(stall) as put:
        putting = asyncio.create_task(put.put(minute, len(BODY), KEY, replace=False))
        await begun.wait()
        assert opened(minute)
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        assert not opened(minute)
        cancelled.set()
        async with asyncio.timeout(5):
            await ended.wait()
    gc.collect()
    assert not complaints


async def test_a_node_that_is_silent_is_passed_by(minute: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its queue of connections is full: it takes no more, and refuses none."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await take_minute(reader, writer)

    with socket.socket() as silent, ExitStack() as waiting:
        silent.bind(("127.0.0.2", 0))
        silent.listen(0)
        for _ in range(4):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(silent.getsockname())
        server = await asyncio.start_server(take, "127.0.0.1", 0)
        async with server:
            nodes = [silent.getsockname(), server.sockets[0].getsockname()]
            found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", node) for node in nodes]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments: found)
            monkeypatch.setattr("services.ingest.recording.sendfile.sample", lambda them, count: them)
            monkeypatch.setattr("services.ingest.recording.sendfile._CONNECT_SECONDS", 1.0)
            await SendfilePut(bucket("http://minio:9000"), 1).put(minute, len(BODY) - 7, KEY, replace=False)


async def test_nobody_listening_is_an_error_at_once(minute: Path) -> None:
    with pytest.raises(ConnectionRefusedError):
        await SendfilePut(bucket("http://127.0.0.1:1"), 1).put(minute, 1, KEY, replace=False)


@pytest.mark.parametrize(
    "promise",
    [
        partial(test_a_store_gets_the_first_bytes_of_the_file_on_its_condition, replace=False),
        test_a_file_that_has_become_shorter_is_no_object,
        test_nothing_more_is_sent_once_it_is_cancelled,
        test_nobody_listening_is_an_error_at_once,
    ],
)
def test_the_same_holds_on_the_event_loop_of_processes(
    minute: Path, promise: Callable[[Path], Coroutine[Any, Any, None]]
) -> None:
    uvloop.run(promise(minute))


def test_the_kernel_writes_only_what_needs_neither_key_nor_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    plain = bucket("http://minio:9000")
    assert takes_sendfile(plain)
    assert not takes_sendfile(bucket("https://minio:9000"))
    assert not takes_sendfile(bucket("http://minio:9000", sign_payload=True))
    assert not takes_sendfile(MemoryStore())
    for name in ("http_proxy", "ALL_PROXY"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "http://proxy:3128")
            assert not takes_sendfile(plain)
            patch.setenv("no_proxy", "minio")
            assert takes_sendfile(plain)
    monkeypatch.setenv("AWS_SERVER_SIDE_ENCRYPTION", "AES256")
    assert not takes_sendfile(plain), "only obstore sends the header"
