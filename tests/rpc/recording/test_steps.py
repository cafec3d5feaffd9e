"""Each step of a minute's way is named right before it is taken, so that a crash can be had exactly there."""

from pathlib import Path

from obstore.store import LocalStore

from tests.rpc.recording.spooled import Minutes, session


async def test_the_steps_of_a_minute_come_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "footage").mkdir()
    minutes = Minutes(tmp_path / "spool", {"default": LocalStore(tmp_path / "footage")})
    seen: list[str] = []
    minutes.spool.reached = seen.append
    async with minutes.uploading():
        minutes.seal("camera-1", 0)
        await minutes.empty()
    assert seen == [
        *["spool.write"] * len(session().fragments),
        "spool.seal",
        "upload.put",
        "upload.commit",
        "spool.delete",
    ]
