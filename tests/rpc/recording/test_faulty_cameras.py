"""What is recorded of cameras that are broken in each of the ways cameras are, and that the street goes on.

All cameras of a test run at once, in one process, beside a healthy one: its footage has no gap.
"""

from dataclasses import replace
from pathlib import Path

from simulator.camera import Camera
from simulator.faults import Faults
from simulator.loop.parameters import LoopParameters, Profile
from simulator.rtsp.authentication import Credentials
from tests.rpc.recording.street import FRAMES_PER_SECOND, Recording, Street, recorded_street
from tests.waiting import eventually

H264 = LoopParameters("村口", "gate", profile=Profile.H264, width=160, height=90, bit_rate=60_000)
H265 = replace(H264, profile=Profile.H265_G711)
LARGE = replace(H264, width=320, height=180)
SECRET = Credentials("admin", "secret")
NEIGHBOUR = Camera("neighbour", H264)
GOP_MS = 2000

HARMLESS = {
    "duplicate": Faults(packet_duplicate=7),
    "burst": Faults(burst=1.2),
    "no-marker": Faults(no_marker=True),
    "no-rtcp": Faults(no_rtcp=True),
    "mid-gop": Faults(mid_gop_start=True),
    "annex-b": Faults(annex_b=True),
    "wrong-sdp": Faults(wrong_sdp=True),
    "wrap": Faults(timestamp_wrap=3.0),
    "drift": Faults(drift_ppm=500),
    "one-byte-writes": Faults(write_size=1),
    "short-stall": Faults(stall=0.8, stall_after=2.5),
    "garbage": Faults(garbage=True),
    "one-time-nonces": Faults(one_time_nonces=True),
    "deaf": Faults(deaf=True),
    "giant": Faults(giant_key_frames=4_000_000),
}
"""Every picture of these is recorded."""
LOSSY = {
    "loss": Faults(packet_loss=40),
    "reorder": Faults(packet_reorder=40),
}
"""Pictures are missing, and no second."""
INTERRUPTED = {
    "silence": (Faults(mute_after=2.5, mute_for=60.0), "camera_offline", "camera.timeout"),
    "long-stall": (Faults(stall=60.0, stall_after=2.5), "camera_offline", "camera.timeout"),
    "closed": (Faults(close_every=4.5), "camera_offline", "camera.closed"),
    "teardown": (Faults(teardown_after=4.5), "camera_offline", "camera.closed"),
    "forgotten": (Faults(forgets_session=2.5), "camera_offline", "camera.closed"),
    "forward": (Faults(timestamp_jump=50.0, jump_after=2.5), "network", None),
    "back": (Faults(timestamp_jump=-50.0, jump_after=2.5), "network", None),
}
"""What stands in the ledger, and why the connection ended, if it did. Then they are recorded again."""
REFUSED = {
    "401-storm": (Faults(refuses_all=True), "camera.auth_failed"),
    "no-parameter-sets": (Faults(no_parameter_sets=True), "camera.no_parameter_sets"),
    "no-key-frame": (Faults(no_key_frame=True), "camera.no_key_frame"),
    "unsupported": (Faults(unsupported_codec="JPEG"), "camera.codec_unsupported"),
    "silent": (Faults(silent=True), "camera.timeout"),
}
"""Nothing of these can be recorded, and the reason is told."""


def camera(path: str, faults: Faults) -> Camera:
    """Its sessions time out soon, so that the client must keep them alive within the test."""
    return Camera(path, H264, SECRET, faults, session_timeout=8)


async def until_recorded(street: Street, seconds: float) -> None:
    async def all_are() -> bool:
        return all(each.seconds >= seconds for each in street.recordings.values())

    await eventually(all_are, timeout_s=60)


def assert_whole(recording: Recording) -> None:
    """No gap, no loss, and each picture of the time recorded is there to be decoded."""
    told = recording.told
    assert (recording.uid, recording.gaps, told.lost, recording.reasons) == (recording.uid, [], 0, set())
    assert sum(recording.pictures().values()) >= FRAMES_PER_SECOND * recording.seconds - 2


async def test_what_is_only_odd_is_recorded_whole(loops: Path, tmp_path: Path) -> None:
    cameras = [camera(path, faults) for path, faults in HARMLESS.items()]
    async with recorded_street([NEIGHBOUR, *cameras], loops, tmp_path) as street:
        await until_recorded(street, 8)
    for recording in street.recordings.values():
        assert_whole(recording)
    sizes = [file.size for file in street["giant"].files]
    assert sum(sizes) > 4_000_000
    assert set(street["wrong-sdp"].pictures()) == {("h264", 160)}
    for path in HARMLESS:
        assert path in ("wrong-sdp",) or street[path].told.discontinuities == [], path


async def test_lost_packets_cost_pictures_and_no_time(loops: Path, tmp_path: Path) -> None:
    cameras = [camera(path, faults) for path, faults in LOSSY.items()]
    async with recorded_street([NEIGHBOUR, *cameras], loops, tmp_path) as street:
        await until_recorded(street, 6)
    assert_whole(street["neighbour"])
    for path in LOSSY:
        recording = street[path]
        assert (recording.gaps, recording.reasons) == ([], set())
        assert recording.told.lost > 0
        assert sum(recording.pictures().values()) > FRAMES_PER_SECOND * recording.seconds / 2


async def test_an_interruption_is_a_gap_with_its_cause_and_ends(loops: Path, tmp_path: Path) -> None:
    cameras = [camera(path, faults) for path, (faults, _, _) in INTERRUPTED.items()]
    async with recorded_street([NEIGHBOUR, *cameras], loops, tmp_path) as street:

        async def all_came_back() -> bool:
            return all(street[path].gaps and street[path].seconds > 4 for path in INTERRUPTED)

        await eventually(all_came_back, timeout_s=60)
    assert_whole(street["neighbour"])
    for path, (_, cause, reason) in INTERRUPTED.items():
        recording = street[path]
        assert {found for found, _ in recording.gaps} == {cause}, path
        assert recording.reasons == ({reason} if reason else set()), path
        assert sum(recording.pictures().values()) >= FRAMES_PER_SECOND * 3
    for path in ("forward", "back"):
        assert street[path].told.discontinuities == ["timestamps jumped"]
        assert all(lasted < 2 * GOP_MS for _, lasted in street[path].gaps)


async def test_other_pictures_begin_another_file(loops: Path, tmp_path: Path) -> None:
    cameras = [
        Camera("resolution", LARGE, SECRET, Faults(resolution_change=2)),
        camera("codec", Faults(close_every=4.0, becomes="h265")),
        Camera("h265", H265, SECRET),
        Camera("h265-annex-b", H265, SECRET, Faults(annex_b=True)),
    ]
    async with recorded_street([NEIGHBOUR, *cameras], loops, tmp_path) as street:

        async def both_are_there() -> bool:
            kinds = [file.path.exists() for path in ("resolution", "codec") for file in street[path].files]
            return len(kinds) >= 4 and all(each.seconds > 5 for each in street.recordings.values())

        await eventually(both_are_there, timeout_s=60)
    assert_whole(street["neighbour"])
    assert_whole(street["h265-annex-b"])
    assert set(street["resolution"].pictures()) == {("h264", 320), ("h264", 160)}
    assert "parameter sets changed" in street["resolution"].told.discontinuities
    assert street["resolution"].gaps == []
    assert set(street["codec"].pictures()) == {("h264", 160), ("hevc", 160)}


async def test_what_cannot_be_recorded_says_why(loops: Path, tmp_path: Path) -> None:
    cameras = [camera(path, faults) for path, (faults, _) in REFUSED.items()]
    async with recorded_street([NEIGHBOUR, *cameras], loops, tmp_path) as street:

        async def all_were_told() -> bool:
            told = all(street[path].reasons for path in REFUSED)
            return told and street["neighbour"].seconds > 4

        await eventually(all_were_told, timeout_s=60)
    assert_whole(street["neighbour"])
    for path, (_, reason) in REFUSED.items():
        assert street[path].reasons == {reason}, path
        assert street[path].files == []
