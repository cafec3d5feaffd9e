"""promtool, which checks and tests alerting rules as Prometheus evaluates them."""

import shutil
from pathlib import Path

from tests.parts.part import CACHE, apt_unpack, machine_lock, run

PACKAGES = ("prometheus",)
_UNPACKED = CACHE / "prometheus"


def find_promtool() -> Path:
    """promtool on PATH, or Debian's package unpacked: installed, Prometheus would start to serve.

    Raises PartMissingError.
    """
    on_path = shutil.which("promtool")
    if on_path:
        return Path(on_path)
    unpacked = _UNPACKED / "usr/bin/promtool"
    with machine_lock("prometheus"):
        if not unpacked.exists():
            apt_unpack(PACKAGES, _UNPACKED)
    run(unpacked, "--version", timeout_s=20)
    return unpacked
