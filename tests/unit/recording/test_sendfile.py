"""A PUT whose body the kernel writes: what the store says counts, whenever it says it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
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


@pytest.fixture
def minute(tmp_path: Path) -> Path:
    path = tmp_path / "minute.mp4"
    path.write_bytes(BODY)
    return path


@pytest.mark.parametrize("replace", [False, True])
async def test_a_store_gets_the_first_bytes_of_the_file_on_its_condition(minute: Path, replace: bool) -> None:
    got: list[tuple[bytes, bytes]] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        got.append((head, await reader.readexactly(len(BODY) - 7)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with store_that(take) as put:
        await put.put(minute, len(BODY) - 7, KEY, replace=replace)
    ((head, body),) = got
    assert body == BODY[:-7]
    assert head.startswith(b"PUT /footage/rec/gate%201/%2Bx.mp4?X-Amz-")
    assert (b"\r\nIf-None-Match: *\r\n" in head) is not replace


@pytest.mark.parametrize(
    ("status", "error", "told"),
    [
        ("412 Precondition Failed", AlreadyExistsError, KEY.replace("+", r"\+")),
        ("403 Forbidden", OSError, "^HTTP status 403 AccessDenied$"),
        ("307 Temporary Redirect", OSError, "^HTTP status 307 AccessDenied$"),
    ],
)
@pytest.mark.parametrize("early", [False, True])
async def test_a_refusal_is_told_by_its_name_also_before_the_body_is_through(
    minute: Path, status: str, error: type[Exception], told: str, early: bool
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if not early:
            await reader.readexactly(len(BODY))
        said = b"<Error><Code>AccessDenied</Code></Error>"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(said)}\r\n\r\n".encode() + said)
        if early:
            writer.write_eof()
            await asyncio.sleep(0.2)
        writer.close()

    async with store_that(refuse) as put:
        with pytest.raises(error, match=told):
            await put.put(minute, len(BODY), KEY, replace=False)


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nETag: x", b"SSH-2.0-x\r\n", b"\x00" * 70_000])
async def test_what_is_no_answer_is_an_error_without_a_signature_in_it(minute: Path, said: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(BODY))
        writer.write(said)
        writer.close()

    async with store_that(answer) as put:
        with pytest.raises(OSError, match="no answer") as refused:
            await put.put(minute, len(BODY), KEY, replace=False)
    assert "Signature" not in str(refused.value)


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
    ended = asyncio.Event()
    begun = asyncio.Event()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        await asyncio.sleep(0.1)
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
        async with asyncio.timeout(5):
            await ended.wait()


async def test_nobody_listening_is_an_error_at_once(minute: Path) -> None:
    with pytest.raises(ConnectionRefusedError):
        await SendfilePut(bucket("http://127.0.0.1:1"), 1).put(minute, 1, KEY, replace=False)


def test_the_kernel_writes_only_what_needs_neither_key_nor_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    plain = bucket("http://minio:9000")
    assert takes_sendfile(plain)
    assert not takes_sendfile(bucket("https://minio:9000"))
    assert not takes_sendfile(bucket("http://minio:9000", sign_payload=True))
    assert not takes_sendfile(MemoryStore())
    monkeypatch.setenv("http_proxy", "http://proxy:3128")
    assert not takes_sendfile(plain)
    monkeypatch.setenv("no_proxy", "minio")
    assert takes_sendfile(plain)
