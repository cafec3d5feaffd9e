"""A server's process: one that writes a log and is asked to end."""

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path


class LoggedProcess:
    """Runs `command`, adding to `log`, from `start` to `stop`, any number of times."""

    def __init__(self, command: Sequence[str | Path], log: Path) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self.log = log

    def start(self) -> "subprocess.Popen[bytes]":
        """Return at once."""
        assert self._process is None
        with self.log.open("a") as written:
            self._process = subprocess.Popen(self._command, stdout=written, stderr=subprocess.STDOUT)
        return self._process

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Return once it has ended; killed when it takes its time."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
