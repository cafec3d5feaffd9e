"""How much memory the town's process takes."""

from pathlib import Path

from tests.bad_input.town import Town

MB = 1 << 20


def resident_bytes(town: Town) -> int:
    """What lies in memory (`VmRSS`)."""
    status = Path(f"/proc/{town.snowlight.processes['all'].pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024
