"""What an answer brings, read as it comes."""

from collections.abc import Callable
from http.client import HTTPException, HTTPResponse

from services.ingest.sources.http.failure import explain
from services.ingest.sources.source import SourceError


class Body:
    """The bytes of one answer, or the first `most` of them.

    `content_type`: RFC 9110, 8.3, lower case and without parameters; empty if none was told.
    `size`: of the whole file in bytes, if the server sends parts of it too; else None.
    """

    def __init__(self, response: HTTPResponse, most: int | None, on_close: Callable[[], None]) -> None:
        self.content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self.size = _size_of_whole(response)
        self._response = response
        self._on_close = on_close
        lengths = [length for length in (response.length, most) if length is not None]
        self._left = min(lengths, default=None)

    def read(self, size: int) -> bytes:
        """What has come, `size` bytes at most; waits if nothing has. Empty at the end.

        Raises SourceError camera.timeout or camera.closed.
        """
        wanted = size if self._left is None else min(size, self._left)
        if not wanted:
            return b""
        try:
            data = self._response.read1(wanted)
        except (OSError, HTTPException) as error:
            raise explain(error) from None
        if self._left is not None:
            if not data:
                raise SourceError("camera.closed", "the server closed the connection within a file")
            self._left -= len(data)
        return data

    def close(self) -> None:
        """Close the connection."""
        self._response.close()
        self._on_close()


def _size_of_whole(response: HTTPResponse) -> int | None:
    """RFC 9110, 14.3 and 14.4."""
    if response.status == 206:
        size = response.headers.get("Content-Range", "").rpartition("/")[2]
        return int(size) if size.isdecimal() else None
    return response.length if "bytes" in response.headers.get("Accept-Ranges", "").lower() else None
