"""A public-security system that comes to the door of a running cluster with a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from simulator.ports import free_port
from snowlight.config import TlsSettings
from tests.parts.certificates import Authority
from tests.parts.snowlight import Snowlight


@dataclass(frozen=True)
class Bureau:
    """Its files, and where the door is."""

    door: str
    """HOST:PORT"""
    tls: TlsSettings

    def options(self, officer: str = "031877") -> tuple[str, ...]:
        """Of the examples in `clients/`: who calls. "": no officer."""
        files = {"ca": self.tls.ca, "cert": self.tls.certificate, "key": self.tls.key}
        options = {"door": self.door, **files}
        if officer:
            options |= {"officer": officer, "unit": "城关派出所", "incident": "case 2026-118"}
        return tuple(str(word) for name, value in options.items() for word in (f"-{name}", value))


class AccessDoor:
    """The door that a cluster is told to open, and who vouches for its certificate and its clients'."""

    def __init__(self, folder: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.authority = Authority("Public security")
        self._folder = folder

    def settings(self) -> dict[str, str]:
        """What the gateway is told."""
        tls = self.authority.issue().write(self._folder / "door", self.authority.pem)
        return {
            "SNOWLIGHT_ACCESS_LISTEN": self.address,
            "SNOWLIGHT_ACCESS_CERTIFICATE": str(tls.certificate),
            "SNOWLIGHT_ACCESS_KEY": str(tls.key),
            "SNOWLIGHT_ACCESS_CLIENT_CA": str(tls.ca),
        }

    async def enrol(
        self, snowlight: Snowlight, scope: str, username: str = "bureau", *, role: str = "viewer"
    ) -> Bureau:
        """A system of the police that the cluster knows by its certificate."""
        tls = self.authority.issue().write(self._folder / username, self.authority.pem)
        await snowlight.administer(
            *("create-operator", "--kind", "system", "--username", username, "--scope", scope),
            *("--line", "police", "--role", role),
        )
        await snowlight.administer(
            *("create-client", "--display-name", username, "--username", username),
            *("--certificate", str(tls.certificate)),
        )
        return Bureau(self.address, tls)
