"""What one ONVIF device says of itself: who made it, what it shows, and where its streams are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

from services.ingest.discovery.bounded_xml import below, text_of
from services.ingest.discovery.soap import SoapClient, read_time
from services.ingest.sources.address import parse_address
from services.ingest.sources.network import SourceNetwork
from services.ingest.sources.source import SourceError

_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
_PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
_SCHEMA = "http://www.onvif.org/ver10/schema"
_WRONGEST_CLOCK = timedelta(days=36_525)
"""One that has lost its battery says 1970 or 2000; another is of no use, and no date may come after 9999."""
_CARRIED = ("H264", "H265", "HEVC")
_MOST_PROFILES = 64
_LONGEST_FACT = 128
_LONGEST_URL = 2048
_RTSP_PORT = 554


@dataclass(frozen=True, slots=True)
class VideoProfile:
    """A media profile with video that is carried. encoding: upper case. ptz: it moves the camera."""

    token: str
    encoding: str
    width: int
    height: int
    ptz: bool


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """main_url, sub_url: RTSP without credentials; sub_url is "" where there is one profile alone."""

    main_url: str
    sub_url: str
    main: VideoProfile
    ptz: bool
    information: dict[str, str] = field(default_factory=dict)
    """GetDeviceInformationResponse: Manufacturer, Model, FirmwareVersion, SerialNumber, HardwareId."""


async def read_device(
    client: SoapClient, network: SourceNetwork, address: str, patience_s: float
) -> DeviceFacts:
    """Ask the device service at `address`. Raises SourceError, camera.no_video too."""
    told = read_time(await client.call(address, _request(_DEVICE, "GetSystemDateAndTime"), signed=False))
    if told is not None and abs(ahead := told - client.now()) < _WRONGEST_CLOCK:
        client.ahead = ahead
    information = await client.call(address, _request(_DEVICE, "GetDeviceInformation"))
    services = await _services(client, address)
    media, url = _media_service(services)
    answer = await client.call(url, _request(media, "GetProfiles", _WANTED_PARTS if media == _MEDIA2 else ""))
    profiles = read_profiles(answer)
    if not profiles:
        raise SourceError("camera.no_video", "no profile of the device has H.264 or H.265")
    main, sub = profiles[0], profiles[-1]

    async def stream_of(profile: VideoProfile) -> str:
        uri = await client.call(url, _stream_request(media, profile.token))
        return await _checked(text_of(uri, "Uri"), network, patience_s)

    main_url = await stream_of(main)
    sub_url = await stream_of(sub) if sub is not main else ""
    return DeviceFacts(
        main_url,
        sub_url if sub_url != main_url else "",
        main,
        _PTZ in services and any(profile.ptz for profile in profiles),
        {
            name: text_of(information, name)[:_LONGEST_FACT]
            for name in ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber", "HardwareId")
        },
    )


def read_profiles(answer: Element) -> Sequence[VideoProfile]:
    """The profiles of GetProfilesResponse that can be recorded, the largest picture first."""
    found = []
    for profile in list(below(answer, "Profiles"))[:_MOST_PROFILES]:
        encoders = [*below(profile, "VideoEncoderConfiguration"), *below(profile, "VideoEncoder")]
        encoding = text_of(encoders[0], "Encoding").upper() if encoders else ""
        token = profile.get("token", "")
        if encoding not in _CARRIED or not token or len(token) > _LONGEST_FACT:
            continue
        width, height = (_number(text_of(encoders[0], "Resolution", side)) for side in ("Width", "Height"))
        ptz = any(True for name in ("PTZConfiguration", "PTZ") for _ in below(profile, name))
        found.append(VideoProfile(token, encoding, width, height, ptz))
    return sorted(found, key=lambda profile: -profile.width * profile.height)


async def _services(client: SoapClient, address: str) -> dict[str, str]:
    """The addresses of the device's services by namespace (ONVIF Core, 8.1.2)."""
    body = "<tds:IncludeCapability>false</tds:IncludeCapability>"
    answer = await client.call(address, f'<tds:GetServices xmlns:tds="{_DEVICE}">{body}</tds:GetServices>')
    return {text_of(service, "Namespace"): text_of(service, "XAddr") for service in below(answer, "Service")}


def _media_service(services: dict[str, str]) -> tuple[str, str]:
    """Media2 first: only it knows H.265."""
    for namespace in (_MEDIA2, _MEDIA):
        if services.get(namespace):
            return namespace, services[namespace]
    raise SourceError("camera.no_video", "the device has no media service")


_WANTED_PARTS = "<m:Type>VideoEncoder</m:Type><m:Type>PTZ</m:Type>"


def _request(namespace: str, name: str, content: str = "") -> str:
    return f'<m:{name} xmlns:m="{namespace}">{content}</m:{name}>'


def _stream_request(media: str, token: str) -> str:
    escaped = quoteattr(token)[1:-1]
    if media == _MEDIA2:
        content = f"<m:Protocol>RTSP</m:Protocol><m:ProfileToken>{escaped}</m:ProfileToken>"
        return _request(media, "GetStreamUri", content)
    setup = (
        f'<m:StreamSetup xmlns:t="{_SCHEMA}"><t:Stream>RTP-Unicast</t:Stream>'
        "<t:Transport><t:Protocol>RTSP</t:Protocol></t:Transport></m:StreamSetup>"
    )
    return _request(media, "GetStreamUri", f"{setup}<m:ProfileToken>{escaped}</m:ProfileToken>")


async def _checked(url: str, network: SourceNetwork, patience_s: float) -> str:
    """The URL without credentials; where it leads is judged as when it is recorded."""
    if len(url) > _LONGEST_URL:
        raise SourceError("camera.protocol_error", f"a stream's URL is over {_LONGEST_URL} characters")
    address = parse_address(url)
    if address.scheme != "rtsp" or not address.host:
        raise SourceError("camera.protocol_unsupported", "the device offers its streams by no RTSP URL")
    await network.resolve(address.host, address.port or _RTSP_PORT, within=patience_s)
    return address.url


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 0
