"""A URL leads to its source, to a clear refusal, and never to a message with its password."""

import ipaddress
from pathlib import Path

import pytest

from services.ingest.sources.address import parse_address
from services.ingest.sources.libav.location import file_location
from services.ingest.sources.network import SourceNetwork, is_allowed
from services.ingest.sources.opening import LaterSource, open_source
from services.ingest.sources.rtsp.client.rounds import ReadRounds
from services.ingest.sources.rtsp.client.source import RtspSource
from services.ingest.sources.source import Credentials, Source, SourceError

PRIVATE = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
NETWORK = SourceNetwork(PRIVATE)


def opened(url: str) -> Source:
    return open_source(url, None, audio=False, network=NETWORK, media_dir=None, rounds=ReadRounds())


def test_credentials_are_taken_out_of_the_url() -> None:
    address = parse_address("rtsp://admin:p%40ss:w@[fd00::1]:8554/cam?channel=1#top")
    assert address.url == "rtsp://[fd00::1]:8554/cam?channel=1"
    assert (address.host, address.port) == ("fd00::1", 8554)
    assert address.credentials == Credentials("admin", "p@ss:w")
    assert "p@ss" not in repr(address)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtsp://10.0.0.1/cam", RtspSource),
        ("RTSP://10.0.0.1/cam", RtspSource),
        ("rtsp+udp://10.0.0.1/cam", RtspSource),
        ("rtmp://10.0.0.1/live/1", LaterSource),
        ("https://10.0.0.1/live.m3u8", LaterSource),
        ("file:///gate.mp4", LaterSource),
    ],
)
def test_each_scheme_has_its_source(url: str, kind: type) -> None:
    assert isinstance(opened(url), kind)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("srt://u:secret@10.0.0.1:9000", "camera.protocol_unsupported"),
        ("rtmps://u:secret@10.0.0.1/live/1", "camera.protocol_unsupported"),
        ("concat:/etc/passwd|secret", "camera.protocol_error"),
        ("subfile,,start,0,end,9,,:secret", "camera.protocol_error"),
        ("data://secret/x", "camera.protocol_unsupported"),
        ("rtsp:///secret", "camera.protocol_error"),
        ("rtsp://u:secret@10.0.0.1:port/", "camera.protocol_error"),
        ("rtsp://u:secret@10.0.0.1/a b", "camera.protocol_error"),
        ("rtsp://u:secret@10.0.0.1/a\r\nX: y", "camera.protocol_error"),
        ("rtsp://[u:secret", "camera.protocol_error"),
        ("", "camera.protocol_error"),
    ],
)
def test_what_cannot_be_played_is_refused_without_repeating_it(url: str, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        opened(url)
    assert caught.value.code == code
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("fd00::5%eth0", True),
        ("127.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("169.254.169.254", False),
        ("::1", False),
    ],
)
def test_only_the_source_networks_are_allowed(address: str, allowed: bool) -> None:
    assert is_allowed(address, PRIVATE) is allowed


async def test_a_name_is_judged_by_all_its_addresses() -> None:
    loopback = SourceNetwork((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
    found = await loopback.resolve("localhost", 554, within=5)
    assert set(found) <= {"127.0.0.1", "::1"}
    with pytest.raises(SourceError) as caught:
        await NETWORK.resolve("localhost", 554, within=5)
    assert caught.value.code == "camera.host_denied"


def test_files_are_found_under_the_media_folder_only(tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    (media / "gate 1.mp4").write_bytes(b"x")
    (tmp_path / "outside.mp4").write_bytes(b"x")
    (media / "link.mp4").symlink_to(tmp_path / "outside.mp4")

    def found(url: str, folder: Path | None = media) -> str:
        return file_location(parse_address(url), folder).name

    assert found("file:gate%201.mp4") == str(media / "gate 1.mp4")
    assert found("file:///gate%201.mp4") == str(media / "gate 1.mp4")
    assert found(f"file://{media}/gate%201.mp4") == str(media / "gate 1.mp4")
    for url in (
        "file:../outside.mp4",
        "file:%2e%2e/outside.mp4",
        f"file://{tmp_path}/outside.mp4",
        "file:link.mp4",
        "file:///etc/passwd",
        "file:///",
        "file://server/gate%201.mp4",
        "file:gate%00.mp4",
        "file:none.mp4",
    ):
        with pytest.raises(SourceError) as caught:
            found(url)
        assert caught.value.code == "camera.file_denied", url
    with pytest.raises(SourceError):
        found("file:gate%201.mp4", None)
