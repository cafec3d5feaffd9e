"""Ports that are chosen now and listened on later."""

import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from simulator.ports import free_port, free_ports

_OTHER = """
from simulator.ports import free_ports
print(*free_ports(100), flush=True)
input()
"""


def test_processes_that_choose_at_the_same_time_choose_different_ports() -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", _OTHER]
    others = [
        subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    try:
        chosen = [int(port) for other in others if other.stdout for port in other.stdout.readline().split()]
        chosen += free_ports(100)
        assert len(set(chosen)) == len(chosen) == 400
    finally:
        for other in others:
            other.communicate("\n")


def test_a_port_is_not_chosen_twice_in_a_row_and_none_that_is_listened_on() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", free_port()))
        listening.listen()
        chosen = [free_port() for _ in range(100)]
        assert len(set(chosen)) == len(chosen)
        assert (
            min(after - before for before, after in pairwise(sorted(chosen))) > 1
        )  # `--workers` listens there
        again = [free_port() for _ in range(100)]
        assert listening.getsockname()[1] not in {*chosen, *again}
