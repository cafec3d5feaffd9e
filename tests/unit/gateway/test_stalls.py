"""Who takes nothing is found, and who takes little is not."""

import asyncio
import socket
from contextlib import suppress
from typing import cast

from services.gateway.viewing.stalls import STALLED_S, Stalls


class Slow:
    """A connection with so many bytes of ours."""

    def __init__(self, waiting: int, system: socket.socket | None = None) -> None:
        self.waiting = waiting
        self._system = system

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def get_extra_info(self, _name: str) -> socket.socket | None:
        return self._system

    def is_closing(self) -> bool:
        return False


def find(stalls: Stalls, slow: Slow, now: float) -> bool:
    return bool(stalls.find([cast("asyncio.Transport", slow)], now))


def test_who_takes_nothing_for_ten_seconds_is_found() -> None:
    stalls, slow = Stalls(), Slow(1000)
    looks = [find(stalls, slow, now) for now in (0, STALLED_S / 2, STALLED_S - 0.5, STALLED_S)]
    assert looks == [False, False, False, True]


def test_a_byte_now_and_then_is_enough() -> None:
    stalls, slow = Stalls(), Slow(1000)
    for now in range(0, 1000, round(STALLED_S) - 1):
        assert not find(stalls, slow, now)
        slow.waiting -= 1


def test_who_has_taken_all_waits_for_us() -> None:
    stalls, slow = Stalls(), Slow(0)
    for now in range(0, 1000, 5):
        assert not find(stalls, slow, now)


def test_a_connection_s_next_answer_is_looked_at_by_itself() -> None:
    stalls, slow = Stalls(), Slow(1000)
    assert not find(stalls, slow, 0)
    assert stalls.find([], 5) == []  # that answer is over
    assert not find(stalls, slow, STALLED_S)


def test_what_the_system_has_sent_of_what_it_holds_is_taken() -> None:
    """It takes more of ours in large steps only."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        reader = socket.create_connection(listening.getsockname())
        writer, _ = listening.accept()
    with reader, writer:
        writer.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                writer.send(bytes(1 << 20))
        stalls, slow = Stalls(), Slow(1000, writer)
        assert [find(stalls, slow, now) for now in (0, STALLED_S)] == [False, True]
        got = 0
        while got < 1 << 20:
            got += len(reader.recv(1 << 16))
        assert not find(stalls, slow, 2 * STALLED_S)
