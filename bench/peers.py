"""The same cameras recorded by other programs: `ffmpeg -c copy` and MediaMTX."""

import os
import time
from contextlib import ExitStack
from pathlib import Path

from bench.processes import running
from bench.result import Result, measure


def measure_ffmpeg(
    folder: Path, port: int, cameras: int, seconds: float, *, core: int, warm_up_s: float
) -> Result:
    """One ffmpeg a camera, copying into minutes of fragmented MP4."""
    recorded = folder / "ffmpeg"
    recorded.mkdir()
    with ExitStack() as stack:
        pids = []
        for number in range(cameras):
            command = [
                *("ffmpeg", "-nostdin", "-loglevel", "error", "-rtsp_transport", "tcp"),
                *("-i", f"rtsp://127.0.0.1:{port}/f{number}", "-c", "copy"),
                *("-f", "segment", "-segment_time", "60", "-segment_format_options"),
                *("movflags=frag_keyframe+empty_moov", str(recorded / f"{number}-%d.mp4")),
            ]
            process = stack.enter_context(running(command, core=core, log=folder / "ffmpeg.log"))
            pids.append(process.pid)
            time.sleep(0.05)
        time.sleep(warm_up_s)
        return measure("ffmpeg -c copy", pids, cameras, seconds, recorded)


def measure_mediamtx(
    folder: Path, port: int, cameras: int, seconds: float, *, core: int, warm_up_s: float
) -> Result:
    """One MediaMTX that records every camera as fragmented MP4, a minute a file, and serves nothing."""
    recorded = folder / "mediamtx"
    recorded.mkdir()
    settings = folder / "mediamtx.yml"
    settings.write_text(_mediamtx_settings(recorded, port, cameras))
    command = [str(Path(os.environ["MEDIAMTX_BIN"]).absolute()), str(settings)]
    with running(command, core=core, log=folder / "mediamtx.log") as process:
        time.sleep(warm_up_s)
        return measure("MediaMTX, fMP4", [process.pid], cameras, seconds, recorded)


def _mediamtx_settings(recorded: Path, port: int, cameras: int) -> str:
    lines = [
        "logLevel: warn",
        *(f"{server}: no" for server in ("rtsp", "rtmp", "hls", "webrtc", "srt", "api", "metrics")),
        "pathDefaults:",
        "  record: yes",
        "  recordFormat: fmp4",
        f"  recordPath: {recorded}/%path/%Y-%m-%d_%H-%M-%S-%f",
        "  recordSegmentDuration: 60s",
        "  recordDeleteAfter: 0s",
        "  rtspTransport: tcp",
        "paths:",
    ]
    for number in range(cameras):
        lines += [f"  m{number}:", f"    source: rtsp://127.0.0.1:{port}/m{number}"]
    return "\n".join(lines) + "\n"
