"""Which cameras count as one site."""

import pytest

from services.ingest.site import site_of


@pytest.mark.parametrize(
    ("source_url", "site"),
    [
        ("rtsp://192.0.2.17/live", "192.0.2.0/24"),
        ("rtsp+udp://admin:p%40ss@192.0.2.200:8554/", "192.0.2.0/24"),
        ("http://[2001:db8:1:2:3::4]/a.m3u8", "2001:db8:1:2::/64"),
        ("rtsp://NVR.Liulin.example:554/channels/3", "nvr.liulin.example"),
        ("file:///village.mp4", None),
        ("push:", None),
        ("rtsp://[not an address/", None),
    ],
)
def test_the_site_of_a_camera_is_its_network_or_its_host(source_url: str, site: str | None) -> None:
    assert site_of(source_url) == site
