"""Rendered files in the hands of others: FFprobe and a browser say what we say."""

import asyncio
import base64
import json
import subprocess
from pathlib import Path

import pytest

from services.storage.exports.rendering.exact import ExactCopying
from services.storage.exports.rendering.film import Copying
from services.storage.exports.rendering.job import Made
from tests.parts.chromium import find_chromium, run_chromium
from tests.unit.storage.filmed import FRAME_MS, film, job, made, see

_PLAY = """async (source) => {
    const video = document.createElement("video");
    video.muted = true;
    video.src = source;
    await new Promise((met, failed) => {
        video.onloadeddata = met;
        video.onerror = () => failed(new Error(video.error.message));
    });
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext("2d");
    const seen = [];
    for (let at = 0.02; at < video.duration; at += 0.5) {
        await new Promise((met) => {
            const shown = (_now, { mediaTime }) => {
                if (Math.abs(at - mediaTime) < 0.1) met();
                else video.requestVideoFrameCallback(shown);
            };
            video.requestVideoFrameCallback(shown);
            video.currentTime = at;
        });
        context.drawImage(video, 0, 0);
        seen.push(context.getImageData(80, 24, 1, 1).data[0]);
    }
    video.currentTime = 0;
    video.playbackRate = 4;
    await new Promise((met, failed) => {
        video.onended = met;
        video.onerror = () => failed(new Error(video.error.message));
        video.play();
    });
    return {duration: video.duration, seen};
}"""


def cut(folder: Path, *, exact: bool, reordered: bool) -> Made:
    """Seven seconds and a bit, with sound, across a gap."""
    objects = [
        (0, film(4, sound=True, reordered=reordered)),
        (60_000, film(5, sound=True, reordered=reordered)),
    ]
    kind = ExactCopying if exact else Copying
    (file,) = made(kind(job(folder, 1_500, 64_650, exact=exact)), *objects)
    return file


@pytest.mark.parametrize("reordered", [False, True])
@pytest.mark.parametrize("exact", [False, True])
def test_ffprobe_and_pyav_agree_to_a_picture(
    ffprobe: Path, tmp_path: Path, exact: bool, reordered: bool
) -> None:
    file = cut(tmp_path, exact=exact, reordered=reordered)
    asked = ["-select_streams", "v", "-count_frames", "-show_entries", "stream=duration,nb_read_frames"]
    found = subprocess.run(
        [ffprobe, "-v", "error", *asked, "-of", "json", str(tmp_path / file.path)],
        check=True,
        capture_output=True,
    )
    assert found.stderr == b""
    (stream,) = json.loads(found.stdout)["streams"]
    seen = see(tmp_path / file.path)
    assert int(stream["nb_read_frames"]) == len(seen.numbers)
    assert float(stream["duration"]) * 1000 == pytest.approx(seen.duration_ms, abs=FRAME_MS)
    assert file.duration_ms == pytest.approx(seen.duration_ms, abs=1)


async def test_a_browser_plays_an_exact_cut_from_end_to_end(tmp_path: Path) -> None:
    program = await asyncio.to_thread(find_chromium)
    async with run_chromium(program) as browser:
        page = await browser.new_page()
        for reordered in (False, True):
            file = await asyncio.to_thread(cut, tmp_path, exact=True, reordered=reordered)
            data = base64.b64encode((tmp_path / file.path).read_bytes()).decode()
            played = await page.evaluate(_PLAY, f"data:video/mp4;base64,{data}")
            assert played["duration"] == pytest.approx(file.duration_ms / 1000, abs=0.13)
            numbers = [round(((shade * 219 / 255 + 16) - 30) / 3) for shade in played["seen"][:14]]
            shown = [37 + at * 12.5 if at < 5 else (at - 5) * 12.5 for at in range(14)]
            differ = [abs(number - at % 60) for number, at in zip(numbers, shown, strict=True)]
            assert max(differ) <= 2, (numbers, shown)
