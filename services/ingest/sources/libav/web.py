"""HTTP for libav: it demuxes and reads playlists, but every byte is fetched by our own client."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import av
from av.container import InputContainer
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from services.ingest.sources.http.body import Body
from services.ingest.sources.http.client import HttpClient
from services.ingest.sources.libav.location import FILE_FORMATS
from services.ingest.sources.source import SourceError, SourceSettings

_OPTIONS = {
    "protocol_whitelist": "none",  # what libav would open by itself, it may not
    "format_whitelist": f"hls,mpjpeg,{FILE_FORMATS}",
    "analyzeduration": "3000000",
    "http_persistent": "0",  # libav would look for a connection of its own to use again
    "http_multiple": "0",
}
_REFUSALS = ("camera.host_denied", "camera.protocol_unsupported")
_ENCRYPTED = "crypto+"  # libav's hls demuxer puts it before the URL of a segment that has a key
_AES_BLOCK_BITS = 128


class Readable(Protocol):
    """What libav reads: `size` bytes at most, none at the end."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class WebLocation:
    """An HTTP URL: a whole stream, or an HLS playlist with all that it names.

    What a playlist names and cannot be had is skipped, as libav does with such segments, and kept as
    `failure`, the likeliest reason if nothing comes of the rest. A name that leads outside the allowed
    networks, or to what is not HTTP, ends the source.
    """

    endless = False

    def __init__(self, url: str, client: HttpClient, settings: SourceSettings) -> None:
        self.failure: SourceError | None = None
        self._url = url
        self._client = client
        self._settings = settings
        self._refused = False

    @contextmanager
    def opened(self) -> Iterator[InputContainer]:
        """Open it. Raises SourceError and libav's errors."""
        patience = self._settings
        opening = patience.connect_timeout + patience.response_timeout + patience.silence_timeout
        try:
            file = WebFile(self._client, self._url)
            with av.open(
                file,
                "r",
                format="hls" if "mpegurl" in file.content_type else None,
                options=_OPTIONS,
                # libav asks the clock only while it waits to load a live playlist again
                timeout=(opening, patience.silence_timeout),
                io_open=self._open_named,
            ) as container:
                yield container
        finally:
            self._client.close()

    def interrupt(self) -> None:
        """From any thread: let all reading end."""
        self._client.interrupt()

    def _open_named(self, url: str, flags: int, options: Mapping[str, str]) -> Readable:
        """What a playlist names. An error is raised to whoever called PyAV, but libav goes on until then."""
        if self._refused:
            return io.BytesIO()
        try:
            opened = self._open(url, options)
        except SourceError as error:
            self.failure = error
            if error.code in _REFUSALS:
                self._refused = True
                raise
            return io.BytesIO()
        self.failure = None
        return _Named(opened, self)

    def _open(self, url: str, options: Mapping[str, str]) -> Readable:
        begin = int(options.get("offset", 0))
        end = int(options["end_offset"]) if "end_offset" in options else None
        body = self._client.get(url.removeprefix(_ENCRYPTED), begin, end)
        if not url.startswith(_ENCRYPTED):
            return body
        return Decrypted(body, bytes.fromhex(options["key"]), bytes.fromhex(options["iv"]))


class WebFile:
    """The first file, in which libav may seek if the server sends parts of it."""

    def __init__(self, client: HttpClient, url: str) -> None:
        self._client = client
        self._body: Body | None = client.get(url)
        self._position = 0
        self._failed = False
        self._size = self._body.size
        self.name = url
        self.content_type = self._body.content_type

    def read(self, size: int) -> bytes:
        """What has come. Raises SourceError once, and is at its end then: libav may ask again."""
        if self._failed or (self._size is not None and self._position >= self._size):
            return b""
        try:
            if self._body is None:
                self._body = self._client.get(self.name, self._position)
            data = self._body.read(size)
        except SourceError:
            self._failed = True
            raise
        self._position += len(data)
        return data

    def seekable(self) -> bool:
        """Whether the server sends parts of the file."""
        return self._size is not None

    def seek(self, offset: int, whence: int) -> int:
        """Go to a place as io.IOBase.seek does; the request for it is sent by the next read."""
        target = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size or 0}[whence]
        if target != self._position:
            self.close()
            self._position = target
        return target

    def tell(self) -> int:
        """The place of the next byte."""
        return self._position

    def close(self) -> None:
        """Close the connection."""
        if self._body is not None:
            self._body.close()
            self._body = None


class _Named:
    """A file that a playlist names: where it breaks off it ends, and libav goes on with the next."""

    def __init__(self, file: Readable, location: WebLocation) -> None:
        self._file = file
        self._location = location

    def read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except SourceError as error:
            self._location.failure = error
            return b""

    def close(self) -> None:
        self._file.close()


class Decrypted:
    """A segment under METHOD=AES-128 (RFC 8216, 4.3.2.4): AES-CBC with PKCS #7 padding."""

    def __init__(self, body: Readable, key: bytes, initialisation_vector: bytes) -> None:
        self._body = body
        self._decryptor = Cipher(AES(key), CBC(initialisation_vector)).decryptor()
        self._unpadder = PKCS7(_AES_BLOCK_BITS).unpadder()
        self._plain = b""
        self._ended = False

    def read(self, size: int) -> bytes:
        """Deciphered bytes. Raises SourceError camera.protocol_error if the key does not fit the end."""
        while not self._plain and not self._ended:
            encrypted = self._body.read(size)
            self._ended = not encrypted
            self._plain = self._unpadder.update(self._decryptor.update(encrypted))
            if self._ended:
                self._plain += self._last()
        plain, self._plain = self._plain[:size], self._plain[size:]
        return plain

    def close(self) -> None:
        """Close what is deciphered."""
        self._body.close()

    def _last(self) -> bytes:
        try:
            return self._unpadder.update(self._decryptor.finalize()) + self._unpadder.finalize()
        except ValueError:
            raise SourceError("camera.protocol_error", "a segment's key does not fit it") from None
