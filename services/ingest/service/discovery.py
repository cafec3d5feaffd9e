"""`snowlight.api.ingest.v1.Discovery`."""

import ipaddress
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from typing import Any

import structlog

from services.ingest.discovery.search import Found, SearchSettings, search
from services.ingest.registry.validation import invalid
from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.source import Credentials, SourceError
from snowlight.api.ingest.v1 import discovery_pb2, discovery_pb2_grpc
from snowlight.clock import Clock
from snowlight.errors import PermissionDeniedError, ResourceExhaustedError

MOST_ADDRESSES = 4096
_MOST_NETWORKS = 256
_LONGEST_CREDENTIAL = 256
_AT_ONCE = 2
_RETRY_AFTER_S = 30

log = structlog.get_logger(__name__)


class Discovery(discovery_pb2_grpc.DiscoveryServicer):
    """Messages in, messages out; so many searches at a time."""

    def __init__(self, network: SourceNetwork, clock: Clock, settings: SearchSettings | None = None) -> None:
        self._network = network
        self._clock = clock
        self._settings = settings or SearchSettings()
        self._running = 0

    async def DiscoverCameras(  # noqa: N802
        self, request: discovery_pb2.DiscoverCamerasRequest, context: Any
    ) -> AsyncIterator[discovery_pb2.FoundCamera]:
        networks = self._networks(request.networks)
        credentials = _credentials(request)
        interface = _interface(request.interface)
        if self._running >= _AT_ONCE:
            raise ResourceExhaustedError(
                "discovery.busy", f"{_AT_ONCE} searches are running already", retry_after_s=_RETRY_AFTER_S
            )
        self._running += 1
        count = 0
        try:
            async with aclosing(
                search(
                    networks,
                    multicast=not networks,
                    interface=interface,
                    credentials=credentials,
                    network=self._network,
                    clock=self._clock,
                    settings=self._settings,
                )
            ) as devices:
                async for found in devices:
                    count += 1
                    yield _message(found)
        finally:
            self._running -= 1
            log.info("discovery.ended", networks=[str(network) for network in networks], found=count)

    def _networks(self, texts: Iterable[str]) -> list[ipaddress.IPv4Network]:
        """Raises InvalidArgumentError or PermissionDeniedError that names the network."""
        networks = []
        for text in texts:
            try:
                networks.append(ipaddress.IPv4Network(text[:32].strip(), strict=False))
            except ValueError:
                raise invalid("networks", "must be IPv4 addresses or networks such as 10.1.2.0/24") from None
        if len(networks) > _MOST_NETWORKS:
            raise invalid("networks", f"must be {_MOST_NETWORKS} at most")
        if sum(network.num_addresses for network in networks) > MOST_ADDRESSES:
            raise invalid("networks", f"must have {MOST_ADDRESSES:,} addresses at most")
        allowed = [each for each in self._network.allowed if isinstance(each, ipaddress.IPv4Network)]
        for network in networks:
            if not any(network.subnet_of(each) for each in allowed):
                raise PermissionDeniedError(
                    "camera.host_denied",
                    f"{network} lies outside the allowed source networks",
                    field="networks",
                )
        return networks


def _credentials(request: discovery_pb2.DiscoverCamerasRequest) -> Credentials | None:
    for field in ("username", "password"):
        text = getattr(request, field)
        if len(text) > _LONGEST_CREDENTIAL or not text.isprintable():
            raise invalid(field, f"must be {_LONGEST_CREDENTIAL} printable characters at most")
    return Credentials(request.username, request.password) if request.username else None


def _interface(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text)) if text else ""
    except ValueError:
        raise invalid("interface", "must be an IPv4 address of ingest") from None


def _message(found: Found) -> discovery_pb2.FoundCamera:
    told = discovery_pb2.FoundCamera()
    if (match := found.match) is not None:
        told.endpoint, told.address = match.endpoint, match.source
        told.display_name = match.scopes.get("name", "")
        told.location = match.scopes.get("location", "")
    if (facts := found.facts) is not None:
        told.manufacturer = facts.information["Manufacturer"]
        told.model = facts.information["Model"]
        told.serial_number = facts.information["SerialNumber"]
        told.firmware_version = facts.information["FirmwareVersion"]
        told.main_url, told.sub_url = facts.main_url, facts.sub_url
        told.video_codec = "h264" if facts.main.encoding == "H264" else "h265"
        told.width, told.height = facts.main.width, facts.main.height
        told.ptz = facts.ptz
    if found.problem is not None:
        told.problem = _sentence(found.problem)
    return told


def _sentence(problem: SourceError) -> str:
    return f"{problem.code}: {problem.detail}"
