"""What a process writes to its log, whoever in it writes."""

import json
import subprocess
import sys
from typing import Any

import pytest

from snowlight.observability.logs import configure_logs

TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJjaGVuIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("told", "written"),
    (
        ("rtsp://root:pass@10.0.0.1/live", "rtsp://***@10.0.0.1/live"),
        ("GET /hls/SECRET/live.m3u8 x HTTP/1.1", "GET /hls/***/live.m3u8 x HTTP/1.1"),
        ("Authorization: Bearer SECRET", "Authorization: Bearer ***"),
        ("authorization: bearer SECRET, and more", "authorization: bearer *** and more"),
        (r"b'Authorization: Bearer SECRET\x01' is wrong", "b'Authorization: Bearer ***' is wrong"),
        (f"token={TOKEN}&x=1", "token=***&x=1"),
        ("PUT /b/k?X-Amz-Date=1&X-Amz-Signature=0a1f", "PUT /b/k?X-Amz-Date=1&X-Amz-Signature=***"),
        ("there is nothing secret here: 7.5.3", "there is nothing secret here: 7.5.3"),
    ),
)
def test_secrets_are_struck_out_of_every_log_line(told: str, written: str) -> None:
    ours, library, failure = log_lines(told)
    assert ours["detail"] == written
    assert library["event"] == f"told {written}"
    assert (library["level"], library["logger"]) == ("warning", "a.library")
    assert failure["exception"].endswith(f"ValueError: {written}")
    assert "Traceback" in failure["exception"]


def log_lines(told: str) -> list[dict[str, Any]]:
    """The log of a process that writes `told` by itself, through a library, and as an exception of one."""
    writing = f"""
import logging, sys, structlog
from {configure_logs.__module__} import configure_logs
configure_logs("info")
structlog.get_logger().info("ours", detail=sys.argv[1])
library = logging.getLogger("a.library")
library.info("not important enough")
library.warning("told %s", sys.argv[1])
try:
    raise ValueError(sys.argv[1])
except ValueError:
    library.exception("failed")
"""
    log = subprocess.run(
        [sys.executable, "-c", writing, told], stderr=subprocess.PIPE, text=True, check=True
    ).stderr
    return [json.loads(line) for line in log.splitlines()]
