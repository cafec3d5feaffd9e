"""The console's files and pages."""

import gzip
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from services.gateway.console import Console, find_console

PAGE = {"Accept": "text/html"}


@pytest.fixture
def console(tmp_path: Path) -> Console:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>")
    (tmp_path / "assets" / "index-abc.js").write_text("x;" * 2000)
    (tmp_path.parent / "secret").write_text("no")
    return Console(tmp_path, "Asia/Urumqi")


def test_any_page_address_leads_to_the_index(console: Console) -> None:
    for path in ("/", "/cameras/gate", "/wall", "/index.html"):
        answer = console.answer(make_mocked_request("GET", path, headers=PAGE))
        assert answer is not None
        assert answer.body == b"<!doctype html>"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


async def test_assets_last_and_are_sent_small_once_they_can_be(console: Console) -> None:
    request = make_mocked_request("GET", "/assets/index-abc.js", headers={"Accept-Encoding": "gzip"})
    first = console.answer(request)
    assert first is not None and first.body == b"x;" * 2000
    assert "Content-Encoding" not in first.headers
    await console.compress()
    answer = console.answer(request)
    assert answer is not None
    assert isinstance(answer.body, bytes) and gzip.decompress(answer.body) == first.body
    assert answer.content_type == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"
    again = make_mocked_request(
        "GET", "/assets/index-abc.js", headers={"If-None-Match": answer.headers["ETag"]}
    )
    unchanged = console.answer(again)
    assert unchanged is not None
    assert unchanged.status == 304


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/hls/x/y", "/missing.png", "/../secret", "/assets/../../secret"]
)
def test_nothing_else_is_answered(console: Console, path: str) -> None:
    answer = console.answer(make_mocked_request("GET", path, headers=PAGE))
    assert answer is None or answer.body == b"<!doctype html>"
    assert console.answer(make_mocked_request("POST", "/", headers=PAGE)) is None
    assert console.answer(make_mocked_request("GET", "/wall", headers={"Accept": "*/*"})) is None


def test_a_console_that_was_not_built_says_so(tmp_path: Path) -> None:
    assert find_console(tmp_path / "none") is None
    answer = Console(None, "Asia/Shanghai").answer(make_mocked_request("GET", "/", headers=PAGE))
    assert answer is not None
    assert answer.status == 503
    assert "make console" in (answer.text or "")


def test_the_page_tells_the_clusters_time_zone(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "console" / "index.html").read_text()
    assert '<meta name="time-zone" content="Asia/Shanghai" />' in page
    (tmp_path / "index.html").write_text(page)
    answer = Console(tmp_path, "Europe/Berlin").answer(make_mocked_request("GET", "/", headers=PAGE))
    assert answer is not None
    assert answer.text == page.replace("Asia/Shanghai", "Europe/Berlin")
