"""A process may have as many files open as the system lets it, whatever it was started with."""

import subprocess
import sys

PROGRAM = """
import resource
from snowlight.open_files import allow_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 512))
print(allow_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["512", "512", "512"]
