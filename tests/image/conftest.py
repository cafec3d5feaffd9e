"""What the image has in /opt/snowlight, made once by the scripts that its Dockerfile calls."""

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.parts.part import CACHE, ROOT, machine_lock

SCRIPTS = ROOT / "deploy" / "image"
USER = 10001


@dataclass(frozen=True)
class Installation:
    """An environment that nobody may write to, and its wheel."""

    folder: Path
    wheel: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, *command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
        """Run a program of the environment in `folder`."""
        return subprocess.run(
            [self.folder / "bin" / command[0], *command[1:]],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Made by steps.sh, without compiling: what builds it is kept in .cache/ for the next run."""
    lock = hashlib.sha256((ROOT / "requirements-image.lock").read_bytes()).hexdigest()[:12]
    with tempfile.TemporaryDirectory(prefix="snowlight-image-") as name:
        out = Path(name)
        out.chmod(0o755)
        # Debian's Python first: that of a checkout or of root's home an ordinary user may not read.
        environment = {**os.environ, "PATH": f"/usr/bin:{os.environ['PATH']}", "SNOWLIGHT_COMPILED": "0"}
        with machine_lock("image"):
            subprocess.run(
                [SCRIPTS / "steps.sh", out, CACHE / "image" / f"tools-{lock}"],
                env=environment,
                check=True,
            )
        (wheel,) = (out / "wheel").glob("*.whl")
        subprocess.run(["chmod", "-R", "a-w,a+rX", out / "snowlight"], check=True)
        yield Installation(out / "snowlight", wheel)
        subprocess.run(["chmod", "-R", "u+w", out / "snowlight"], check=True)
