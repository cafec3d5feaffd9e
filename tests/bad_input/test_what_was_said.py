"""Nothing secret is in a log or an answer, whatever was asked for and whatever went wrong."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.bad_input.town import VILLAGE, Town
from tests.person import Answer, Person, day_around, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="package")

JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{20,}")
LOGIN_IN_URL = re.compile(r"\w://[^/\s\"@]+@")


async def test_a_camera_s_login_is_never_told_again(town: Town) -> None:
    password = "never-told-again"
    url, shown = f"rtsp://root:{password}@127.0.0.1/live", "rtsp://127.0.0.1/live"
    created = await town.admin.add_camera("sealed", region=VILLAGE, source_url=url, sub_source_url=url)
    assert (created["source_url"], created["sub_source_url"]) == (shown, shown)
    for refused in ({"source_url": f"ftp://root:{password}@127.0.0.1/"}, {"source_url": url + "#@"}):
        assert (await town.admin.ask("PATCH", "/v1/cameras/sealed", json=refused)).status == 400
    await town.admin.status("sealed")
    assert (await town.admin.ask("DELETE", "/v1/cameras/sealed")).status == 204
    assert not [answer for answer in _answers(town) if password.encode() in answer.body]
    assert password not in town.log


async def test_passwords_are_in_no_answer_and_no_log(town: Town) -> None:
    await _use_everything(town)
    for secret in (*town.passwords, (town.snowlight.data_dir / "cluster.key").read_text().strip()):
        assert not [answer for answer in _answers(town) if secret.encode() in answer.body]
        assert secret not in town.log


async def test_a_camera_s_password_lies_in_no_file(town: Town) -> None:
    password = town.places.password
    forms = [form.encode() for form in (password, quote(password, safe=""))]
    kept = [file for file in town.snowlight.data_dir.rglob("*") if file.is_file()]
    files = [file for file in kept if file.suffix != ".mp4"]  # footage moves while one looks
    assert any(file.name == "ingest.db" for file in files)
    assert not [file for file in files if any(form in file.read_bytes() for form in forms)]


async def test_tokens_and_tickets_are_only_in_the_answers_that_give_them(town: Town) -> None:
    await _use_everything(town)
    telling = {
        re.sub(r"/v1/cameras/[^/]+/", "/v1/cameras/*/", answer.path)
        for answer in _answers(town)
        if JWT.search(answer.body.decode(errors="replace"))
    }
    assert telling == {"/v1/token", "/v1/cameras/*/tickets"}
    assert not [answer for answer in _answers(town) if answer.status >= 400 and JWT.search(repr(answer.body))]


async def test_the_log_holds_no_token_ticket_or_login(town: Town) -> None:
    await _use_everything(town)
    log = town.log
    assert "camera.offline" in log  # it is the log
    assert JWT.findall(log) == []
    assert LOGIN_IN_URL.findall(log) == []
    assert "Traceback" not in log


async def _use_everything(town: Town) -> None:
    """Have secrets on their way: tokens, tickets, also bad ones, and the paths that they are in."""
    password = (town.snowlight.data_dir / "wang.password").read_text()
    async with signed_in(town.snowlight.url, "wang", password) as wang:
        await _watch(wang, await wang.ticket("gate", "live"), "live.m3u8")
        await _watch(wang, await wang.ticket("gate", "playback", **day_around(town.since)), "vod.m3u8")
    town.nobody.heard.extend(wang.heard)


async def _watch(person: Person, ticket: str, playlist: str) -> None:
    for path in (f"{ticket}x/{playlist}", f"{ticket}/nothing-here", f"{ticket}/{playlist}"):
        await person.ask("GET", f"/hls/{path}")


def _answers(town: Town) -> Iterator[Answer]:
    for person in town.people:
        yield from person.heard
