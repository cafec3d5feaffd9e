"""When the process's certificate ends: somebody has to renew it before."""

from cryptography import x509
from prometheus_client import CollectorRegistry, Gauge

from snowlight.config import TlsSettings
from snowlight.rpc.certificates import CertificateFiles, certificate_files


def tell_certificate_end(registry: CollectorRegistry, tls: TlsSettings) -> None:
    """`snowlight_certificate_end_seconds` tells it of the certificate in use, at each scrape.

    Raises FailedPreconditionError("config.tls") when the files cannot be used.
    """
    files = certificate_files(tls)
    if files is None:
        return
    end = Gauge(
        "snowlight_certificate_end_seconds", "End of this process's certificate, UTC.", registry=registry
    )
    end.set_function(lambda: _end_of(files))


def _end_of(files: CertificateFiles) -> float:
    own = x509.load_pem_x509_certificates(files.current().certificate)[0]
    return own.not_valid_after_utc.timestamp()
