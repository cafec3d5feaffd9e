"""The chart's README tells each value as it is."""

import subprocess
import sys

from tests.chart.rendering import CHART


def test_the_table_of_values_is_fresh() -> None:
    script = CHART.parent / "readme.py"
    check = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert check.returncode == 0, check.stderr


def test_no_more_than_ten_lines_of_values_are_needed() -> None:
    text = (CHART / "examples/existing-cluster.yaml").read_text()
    assert len([line for line in text.splitlines() if line and not line.startswith("#")]) <= 10
