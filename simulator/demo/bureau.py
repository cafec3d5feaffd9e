"""A public-security system of the demo's, and the door that it comes in by."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from simulator.demo.certificates import Certificates
from simulator.demo.cluster import Cluster

_USERNAME = "demo-bureau"
_DISPLAY_NAME = "演示公安平台"


async def enrol_bureau(cluster: Cluster, certificates: Certificates, county: str) -> None:
    """Have the county know the system by its certificate. Raises RuntimeError."""
    await cluster.administer(
        "create-operator",
        *("--kind", "system", "--username", _USERNAME, "--display-name", _DISPLAY_NAME),
        *("--line", "police", "--role", "viewer", "--role", "admin"),
        *("--scope", f"regions/{county}", "--if-missing"),
    )
    known = await _client(cluster)
    shown = certificates.client.certificate
    if known is None:
        await cluster.administer(
            "create-client",
            *("--display-name", _DISPLAY_NAME, "--username", _USERNAME, "--certificate", shown),
        )
    elif known[1] != [_fingerprint(shown)]:
        await cluster.administer("set-client-certificates", known[0], "--certificate", shown)


async def _client(cluster: Cluster) -> tuple[str, list[str]] | None:
    """Its name and its certificates' fingerprints."""
    for line in (await cluster.administer("list-clients")).splitlines():
        client = json.loads(line)
        if client.get("display_name") == _DISPLAY_NAME:
            return client["name"], client.get("certificate_fingerprints", [])
    return None


def _fingerprint(file: Path) -> str:
    return x509.load_pem_x509_certificate(file.read_bytes()).fingerprint(SHA256()).hex()
