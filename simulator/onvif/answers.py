"""What an ONVIF device says, as XML (ONVIF Core 8, Media 5, Media2 5)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from xml.sax.saxutils import escape, quoteattr

_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
_PTZ = "http://www.onvif.org/ver20/ptz/wsdl"
_NAMESPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:tt="http://www.onvif.org/ver10/schema" '
    f'xmlns:tds="{_DEVICE}" xmlns:trt="{_MEDIA}" xmlns:tr2="{_MEDIA2}" xmlns:ter="http://www.onvif.org/ver10/error"'
)


class Shown(Protocol):
    """A media profile."""

    @property
    def token(self) -> str: ...
    @property
    def encoding(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


def _envelope(body: str, header: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope {_NAMESPACES}>'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def _fault(code: str, reason: str) -> str:
    return _envelope(
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:{code}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason></s:Fault>'
    )


NOT_AUTHORIZED = _fault("NotAuthorized", "Sender not authorized")
NOT_SUPPORTED = _fault("ActionNotSupported", "Not supported")
ENTITY_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 9))
    + "]><b>&a8;</b>"
)


def probe_match(endpoint: str, relates_to: str, scopes: str, address: str) -> str:
    """WS-Discovery (2005/04), 5.3."""
    discovery = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
    addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
    return _envelope(
        f'<d:ProbeMatches xmlns:d="{discovery}" xmlns:a="{addressing}"><d:ProbeMatch>'
        f"<a:EndpointReference><a:Address>{endpoint}</a:Address></a:EndpointReference>"
        '<d:Types xmlns:dn="http://www.onvif.org/ver10/network/wsdl">dn:NetworkVideoTransmitter</d:Types>'
        f"<d:Scopes>{escape(scopes)}</d:Scopes><d:XAddrs>{escape(address)}</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>",
        f'<a:RelatesTo xmlns:a="{addressing}">{escape(relates_to)}</a:RelatesTo>',
    )


def date_and_time(now: datetime) -> str:
    return _envelope(
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
        f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute>"
        f"<tt:Second>{now.second}</tt:Second></tt:Time>"
        f"<tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day></tt:Date>"
        "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )


def device_information(name: str, serial: str) -> str:
    return _envelope(
        "<tds:GetDeviceInformationResponse><tds:Manufacturer>Village</tds:Manufacturer>"
        f"<tds:Model>{escape(name)}</tds:Model><tds:FirmwareVersion>1.0</tds:FirmwareVersion>"
        f"<tds:SerialNumber>{serial[-12:]}</tds:SerialNumber><tds:HardwareId>Village-1</tds:HardwareId>"
        "</tds:GetDeviceInformationResponse>"
    )


def services(address: str, *, media2: bool, ptz: bool) -> str:
    offered = [_DEVICE, _MEDIA] + [_MEDIA2] * media2 + [_PTZ] * ptz
    return _envelope(
        "<tds:GetServicesResponse>"
        + "".join(
            f"<tds:Service><tds:Namespace>{namespace}</tds:Namespace><tds:XAddr>{address}</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version></tds:Service>"
            for namespace in offered
        )
        + "</tds:GetServicesResponse>"
    )


def profiles(shown: Sequence[Shown], *, media2: bool, ptz: bool) -> str:
    prefix = "tr2" if media2 else "trt"
    return _envelope(
        f"<{prefix}:GetProfilesResponse>"
        + "".join(_profile(profile, prefix, ptz=ptz) for profile in shown)
        + f"</{prefix}:GetProfilesResponse>"
    )


def _profile(profile: Shown, prefix: str, *, ptz: bool) -> str:
    encoder = (
        f"<tt:Encoding>{profile.encoding}</tt:Encoding><tt:Resolution><tt:Width>{profile.width}</tt:Width>"
        f"<tt:Height>{profile.height}</tt:Height></tt:Resolution>"
    )
    if prefix == "tr2":
        moved = '<tr2:PTZ token="ptz"/>' if ptz else ""
        content = f'<tr2:VideoEncoder token="v">{encoder}</tr2:VideoEncoder>{moved}'
        content = f"<tr2:Configurations>{content}</tr2:Configurations>"
    else:
        moved = '<tt:PTZConfiguration token="ptz"/>' if ptz else ""
        content = f'<tt:VideoEncoderConfiguration token="v">{encoder}</tt:VideoEncoderConfiguration>{moved}'
    name, token = f"<tt:Name>{escape(profile.token)}</tt:Name>", quoteattr(profile.token)
    return f"<{prefix}:Profiles token={token}>{name}{content}</{prefix}:Profiles>"


def stream_uri(url: str, *, media2: bool) -> str:
    if media2:
        return _envelope(
            f"<tr2:GetStreamUriResponse><tr2:Uri>{escape(url)}</tr2:Uri></tr2:GetStreamUriResponse>"
        )
    return _envelope(
        f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{escape(url)}</tt:Uri></trt:MediaUri>"
        "</trt:GetStreamUriResponse>"
    )
