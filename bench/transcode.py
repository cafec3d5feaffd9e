"""1080p25 H.265 made 720p H.264: `python -m bench transcode`, beside the `ffmpeg` command.

A minute of a simulated road. Both decode, scale and encode on one core with one thread for each, with libx264
and the same preset, bit rate and key frames. CPU is what the operating system charges the process and those
it has started, from their start to their end. Rounds go by turns, and the medians are told.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from services.ingest.media.init_section import InitSections
from services.ingest.media.muxer import Muxed, Muxer
from services.ingest.media.sample_entry import sps_of, video_sample_entry
from services.ingest.media.sps import parse_sps
from services.ingest.transcoding.ladder import Picture, find_rung
from simulator.bench_sender import BENCH_LOOP
from simulator.loop.elementary import read_loop
from simulator.loop.encode import encode_loop
from simulator.loop.parameters import Profile
from simulator.scene.fonts import Fonts
from snowlight.media.boxes import VIDEO_TIMESCALE, build_prft, scan

CORE = 1
SOURCE = Picture(BENCH_LOOP.width, BENCH_LOOP.height, "h265", BENCH_LOOP.frame_rate)
RUNG = find_rung(SOURCE, "720p")
LEAST = 0.9
"""Times the CPU of ours that ffmpeg's is at least to be."""
_START_MS = 1_790_000_000_000


@dataclass(frozen=True)
class Spent:
    """One run."""

    cpu_s: float
    wall_s: float
    made_mb: float


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="bench transcode", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--footage", type=Path, help="the minute, kept for the next time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch:
        folder = Path(scratch)
        footage = options.footage or folder / "footage.mp4"
        if not footage.exists():
            make_footage(footage)
        seconds = _seconds(footage)
        programs = {"snowlight": _ours(footage, folder)}
        if shutil.which("ffmpeg"):
            programs["ffmpeg"] = _ffmpeg(footage, folder)
        else:
            print("ffmpeg is not on PATH: Debian's package ffmpeg has it")
        spent: dict[str, list[Spent]] = {name: [] for name in programs}
        for _ in range(options.rounds):
            for name, command in programs.items():
                spent[name].append(_run(command, folder / f"{name}.mp4"))
    _print(spent, seconds)


def make_footage(path: Path) -> None:
    """A minute as ingest records it."""
    loop = path.with_suffix(".mov")
    encode_loop(replace(BENCH_LOOP, profile=Profile.H265_G711), loop, Fonts(), clock=False)
    video = read_loop(loop).video
    loop.unlink()
    sets = video.parameter_sets
    entry = video_sample_entry("h265", sets, parse_sps("h265", sps_of("h265", sets)))
    muxer, step = Muxer(), VIDEO_TIMESCALE // video.frame_rate
    with path.open("wb") as file:
        file.write(InitSections().get(entry, None))
        for number, unit in enumerate(video.access_units):
            data = b"".join(len(nal).to_bytes(4, "big") + nal for nal in unit.nal_units)
            file.write(_fragment(muxer.video(data, number * step, number * step, step, unit.key)))
        file.write(_fragment(muxer.close()))


def _seconds(footage: Path) -> float:
    fragments = scan(footage.read_bytes()).fragments
    return (fragments[-1].start_ms + fragments[-1].duration_ms - fragments[0].start_ms) / 1000


def _fragment(muxed: Muxed | None) -> bytes:
    if muxed is None:
        return b""
    start = muxed.decode_time
    clock = build_prft(_START_MS + start * 1000 // VIDEO_TIMESCALE, start)
    return b"".join((clock, muxed.head, *muxed.samples))


def _ours(footage: Path, folder: Path) -> Sequence[str]:
    return [
        sys.executable,
        "-m",
        "bench.transcode_work",
        str(footage),
        str(folder / "snowlight.mp4"),
    ]


def _ffmpeg(footage: Path, folder: Path) -> Sequence[str]:
    bits = RUNG.bits_per_second
    return [
        *(
            "ffmpeg",
            "-nostdin",
            "-loglevel",
            "error",
            "-y",
            "-threads",
            "1",
            "-i",
            str(footage),
        ),
        *("-filter_threads", "1", "-vf", f"scale=-2:{RUNG.height}:flags=bilinear", "-c:v", "libx264"),
        *("-threads", "1", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "high"),
        *("-b:v", str(bits), "-maxrate", str(bits * 3 // 2), "-bufsize", str(bits * 2)),
        *("-g", "1000000", "-sc_threshold", "0", "-forced-idr", "1", "-force_key_frames", "source"),
        *("-movflags", "frag_keyframe+empty_moov", str(folder / "ffmpeg.mp4")),
    ]


def _run(command: Sequence[str], made: Path) -> Spent:
    process = subprocess.Popen(["taskset", "-c", str(CORE), *command])
    began = os.times().elapsed
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Spent(
        used.ru_utime + used.ru_stime,
        os.times().elapsed - began,
        made.stat().st_size / 1e6,
    )


def _print(spent: dict[str, list[Spent]], seconds: float) -> None:
    print(f"{'program':<12}{'CPU s':>8}{'of a core':>11}{'Mb/s':>7}{'rounds':>8}")
    cpu = {}
    for name, runs in spent.items():
        cpu[name] = statistics.median(run.cpu_s for run in runs)
        rate = runs[-1].made_mb * 8 / seconds
        print(f"{name:<12}{cpu[name]:>8.2f}{cpu[name] / seconds:>11.3f}{rate:>7.2f}{len(runs):>8}")
    if "ffmpeg" in cpu:
        print(
            f"ffmpeg's CPU is {cpu['ffmpeg'] / cpu['snowlight']:.2f} times ours; at least {LEAST} is wanted"
        )


if __name__ == "__main__":
    main()
