"""The end of a process's certificate is told, of the one that is in use."""

from pathlib import Path

from cryptography import x509
from prometheus_client import CollectorRegistry

from snowlight.config import TlsSettings
from snowlight.observability.certificate import tell_certificate_end
from tests.parts.certificates import DAY, Authority, Issued

NAME = "snowlight_certificate_end_seconds"


def test_the_end_follows_a_renewal(tmp_path: Path) -> None:
    authority, registry = Authority(), CollectorRegistry()
    first = authority.issue("auth.snowlight")
    tell_certificate_end(registry, first.write(tmp_path, authority.pem))
    assert registry.get_sample_value(NAME) == end_of(first)

    renewed = authority.issue("auth.snowlight", lifetime=2 * DAY)
    renewed.write(tmp_path, authority.pem)
    assert registry.get_sample_value(NAME) == end_of(renewed) > end_of(first)


def test_without_tls_nothing_is_told() -> None:
    registry = CollectorRegistry()
    tell_certificate_end(registry, TlsSettings())
    assert registry.get_sample_value(NAME) is None


def end_of(issued: Issued) -> float:
    return x509.load_pem_x509_certificate(issued.certificate).not_valid_after_utc.timestamp()
