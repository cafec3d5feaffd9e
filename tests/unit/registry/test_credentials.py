"""Source credentials at rest."""

import os

import pytest

from services.ingest.registry.credentials import CredentialSealer, same_endpoint
from services.ingest.sources.address import parse_address
from services.ingest.sources.source import Credentials
from snowlight.errors import DataLossError

CREDENTIALS = Credentials("admin", "雪亮:p@ss/word")


def test_what_is_sealed_opens_for_the_same_camera_and_field_only() -> None:
    sealer = CredentialSealer(os.urandom(32))
    sealed = sealer.seal(CREDENTIALS, "uid-1", "source")
    assert sealer.open(sealed, "uid-1", "source") == CREDENTIALS
    for uid, field in (("uid-2", "source"), ("uid-1", "sub_source")):
        with pytest.raises(DataLossError):
            sealer.open(sealed, uid, field)


def test_another_cluster_key_or_one_changed_bit_is_noticed() -> None:
    key = os.urandom(32)
    sealed = CredentialSealer(key).seal(CREDENTIALS, "uid-1", "source")
    with pytest.raises(DataLossError):
        CredentialSealer(os.urandom(32)).open(sealed, "uid-1", "source")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(DataLossError):
            CredentialSealer(key).open(bytes(changed), "uid-1", "source")


def test_sealing_twice_shows_nothing_in_common() -> None:
    sealer = CredentialSealer(os.urandom(32))
    one, other = (sealer.seal(CREDENTIALS, "uid-1", "source") for _ in range(2))
    assert one != other
    assert b"admin" not in one


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("rtsp://10.0.0.8:554/other?channel=2", True),
        ("rtsp://10.0.0.8/", True),
        ("rtsp://10.0.0.8:8554/", False),
        ("rtsp://10.0.0.9/", False),
        ("http://10.0.0.8/", False),
        ("rtsp://10.0.0.8.example.com/", False),
    ],
)
def test_an_endpoint_is_a_host_and_a_port(other: str, same: bool) -> None:
    assert same_endpoint(parse_address("rtsp://10.0.0.8/live"), parse_address(other)) is same
