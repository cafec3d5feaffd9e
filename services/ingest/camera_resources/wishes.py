"""What a Camera asks of the registry: its own values, its site's where it has none, and credentials."""

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from google.protobuf.json_format import ParseDict, ParseError

from services.ingest.kubernetes.client import Manifest
from services.ingest.publishing.address import SOURCE_URL
from services.ingest.registry.record import CameraRecord
from services.ingest.registry.validation import check_source_url
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError

PLACE = "place"
"""The entry of a camera's dossier that tells its site's place."""
_PLAIN = (
    *("displayName", "region", "cameraClass", "ownership", "owner", "managingUnit", "operator", "location"),
    *("listedForResidents", "audio", "enabled", "schedule", "retentionDays"),
)
_Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """`fields` of `camera` are to be so; all others are left alone."""

    camera: camera_pb2.Camera
    fields: tuple[str, ...]


def wish_of(
    spec: _Spec, site: Manifest | None, secret: Manifest | None, current: CameraRecord | None
) -> Wish:
    """`site` and `secret`: those that the spec, or the site, names; None where there is none of that name.
    `current`: the camera as it is registered.

    Raises InvalidArgumentError naming the field, of the registry's as they are called there.
    """
    shared: _Spec = {}
    if "siteRef" in spec:
        if site is None:
            raise InvalidArgumentError(
                "site.unknown",
                f"there is no CameraSite {spec['siteRef']} in this namespace",
                field="site_ref",
            )
        shared = site["spec"]
    values = _values(spec, shared, current)
    credentials = _credentials(spec, shared, secret)
    for field, url in _urls(spec, shared).items():
        _check_networks(field, url, spec, shared)
        values[field] = _with(url, credentials) if credentials else url
    try:
        camera = ParseDict(values, camera_pb2.Camera())
    except ParseError:  # its text may repeat a URL; the schema refuses such a thing before
        raise InvalidArgumentError("spec.malformed", "the spec is not as its schema has it") from None
    return Wish(camera, tuple(_registry_name(key) for key in values))


def spec_field(field: str) -> str:
    """Where in a Camera the registry's `field` is: "source_url" is spec.sourceUrl."""
    head, *rest = field.split("_")
    return "spec." + head + "".join(part.capitalize() for part in rest)


def _registry_name(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)


def _values(spec: _Spec, shared: _Spec, current: CameraRecord | None) -> dict[str, Any]:
    defaults: _Spec = shared.get("defaults") or {}
    merged = {**({"region": shared["region"]} if shared else {}), **defaults, **spec}
    values = {key: merged[key] for key in _PLAIN if key in merged}
    entries = {
        **({PLACE: shared["place"]} if "place" in shared else {}),
        **(defaults.get("dossier") or {}),
        **(spec.get("dossier") or {}),
    }
    if entries:
        values["dossier"] = {**(current.dossier if current is not None else {}), **entries}
    return values


def _urls(spec: _Spec, shared: _Spec) -> dict[str, str]:
    urls: dict[str, str] = {}
    for key in ("sourceUrl", "subSourceUrl"):
        template = shared.get(f"{key}Template")
        if key in spec:
            urls[key] = spec[key]
        elif "address" in spec and template:
            place = {"address": spec["address"], "channel": str(spec.get("channel", 1))}
            url = template
            for name, value in place.items():
                url = url.replace(f"{{{name}}}", value)
            urls[key] = url
    if "sourceUrl" not in urls:
        raise InvalidArgumentError(
            "site.no_template", f"its site {spec['siteRef']} has no sourceUrlTemplate", field="address"
        )
    return urls


def _check_networks(key: str, url: str, spec: _Spec, shared: _Spec) -> None:
    networks = shared.get("networks")
    if not networks or url in ("", SOURCE_URL):
        return
    field = "address" if "address" in spec and key not in spec else _registry_name(key)
    host = check_source_url(field, url).host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise InvalidArgumentError(
            "site.networks", f"must be an IP address: its site {spec['siteRef']} has networks", field=field
        ) from None
    if not any(address in _network(network, spec) for network in networks):
        raise InvalidArgumentError(
            "site.networks", f"{address} is in none of the networks of site {spec['siteRef']}", field=field
        )


def _network(text: str, spec: _Spec) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise InvalidArgumentError(
            "site.networks", f"networks of site {spec['siteRef']}: {error}", field="site_ref"
        ) from error


def _credentials(spec: _Spec, shared: _Spec, secret: Manifest | None) -> tuple[str, str] | None:
    reference = spec.get("credentialsSecretRef") or shared.get("credentialsSecretRef")
    if reference is None:
        return None
    field = "credentials_secret_ref"
    if secret is None:
        raise InvalidArgumentError(
            "secret.unknown",
            f"there is no Secret {reference['name']} with the label snowlight.io/camera-credentials=true",
            field=field,
        )
    found = []
    for key in (reference.get("usernameKey", "username"), reference.get("passwordKey", "password")):
        value = (secret.get("data") or {}).get(key)
        if value is None:
            raise InvalidArgumentError(
                "secret.incomplete", f"Secret {reference['name']} has no key {key}", field=field
            )
        try:
            found.append(base64.b64decode(value, validate=True).decode())
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidArgumentError(
                "secret.unreadable", f"key {key} of Secret {reference['name']} is no UTF-8 text", field=field
            ) from None
    return found[0], found[1]


def _with(url: str, credentials: tuple[str, str]) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator or scheme == "file":
        return url
    user, password = (quote(part, safe="") for part in credentials)
    return f"{scheme}://{user}:{password}@{rest}"
