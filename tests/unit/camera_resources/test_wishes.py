"""What a Camera asks of the registry."""

import base64
from typing import Any

import pytest

from services.ingest.camera_resources.wishes import spec_field, wish_of
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError

REGION = "regions/421381101204"


def site(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "village"}, "spec": {"region": REGION, **spec}}


def secret(**data: str) -> dict[str, Any]:
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"metadata": {"name": "village"}, "data": encoded}


def test_fields_that_are_set_are_asked_for_and_no_others() -> None:
    spec = {"region": REGION, "sourceUrl": "rtsp://10.0.0.1/a", "audio": False, "retentionDays": 7}
    wish = wish_of(spec, None, None, None)
    assert wish.camera == camera_pb2.Camera(region=REGION, source_url="rtsp://10.0.0.1/a", retention_days=7)
    assert set(wish.fields) == {"region", "source_url", "audio", "retention_days"}


def test_a_camera_goes_before_its_site() -> None:
    spec = {
        "siteRef": "village",
        "address": "10.0.0.1",
        "ownership": "HOUSEHOLD",
        "dossier": {"sign": "gate"},
    }
    defaults = {"ownership": "PUBLIC", "operator": "Telecom", "dossier": {"sign": "mast", "legal_basis": "7"}}
    shared = site(sourceUrlTemplate="rtsp://{address}:554/{channel}", place="East gate", defaults=defaults)
    camera = wish_of(spec, shared, None, None).camera
    assert camera.ownership == camera_pb2.HOUSEHOLD
    assert camera.operator == "Telecom"
    assert camera.region == REGION
    assert camera.source_url == "rtsp://10.0.0.1:554/1"
    assert dict(camera.dossier) == {"sign": "gate", "legal_basis": "7", "place": "East gate"}


def test_address_and_channel_are_put_into_both_templates() -> None:
    spec = {"siteRef": "village", "address": "[fd00::7]", "channel": 12}
    shared = site(
        sourceUrlTemplate="rtsp://{address}/{channel}01", subSourceUrlTemplate="rtsp://{address}/{channel}02"
    )
    camera = wish_of(spec, shared, None, None).camera
    assert (camera.source_url, camera.sub_source_url) == ("rtsp://[fd00::7]/1201", "rtsp://[fd00::7]/1202")


def test_credentials_are_escaped_into_each_url() -> None:
    spec = {
        "region": REGION,
        "sourceUrl": "rtsp://10.0.0.1/a",
        "subSourceUrl": "rtsp://10.0.0.1/b",
        "credentialsSecretRef": {"name": "village", "usernameKey": "user", "passwordKey": "word"},
    }
    camera = wish_of(spec, None, secret(user="admin", word="p@ss/#?"), None).camera
    assert camera.source_url == "rtsp://admin:p%40ss%2F%23%3F@10.0.0.1/a"
    assert camera.sub_source_url == "rtsp://admin:p%40ss%2F%23%3F@10.0.0.1/b"


@pytest.mark.parametrize(
    ("spec", "shared", "given", "field"),
    [
        ({"siteRef": "away", "address": "10.0.0.1"}, None, None, "site_ref"),
        ({"siteRef": "village", "address": "10.0.0.1"}, site(), None, "address"),
        (
            {"siteRef": "village", "address": "10.1.0.1"},
            site(sourceUrlTemplate="rtsp://{address}/", networks=["10.0.0.0/16"]),
            None,
            "address",
        ),
        (
            {"siteRef": "village", "address": "camera.example"},
            site(sourceUrlTemplate="rtsp://{address}/", networks=["10.0.0.0/16"]),
            None,
            "address",
        ),
        (
            {"siteRef": "village", "sourceUrl": "rtsp://10.1.0.1/"},
            site(networks=["10.0.0.0/16"]),
            None,
            "source_url",
        ),
        (
            {"siteRef": "village", "sourceUrl": "rtsp://10.1.0.1/"},
            site(networks=["10.0.0.0/64"]),
            None,
            "site_ref",
        ),
        (
            {"region": REGION, "sourceUrl": "rtsp://h/", "credentialsSecretRef": {"name": "x"}},
            None,
            None,
            "credentials_secret_ref",
        ),
        (
            {"region": REGION, "sourceUrl": "rtsp://h/", "credentialsSecretRef": {"name": "x"}},
            None,
            secret(username="admin"),
            "credentials_secret_ref",
        ),
    ],
)
def test_what_is_missing_or_does_not_fit_is_named(
    spec: dict[str, Any], shared: dict[str, Any] | None, given: dict[str, Any] | None, field: str
) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        wish_of(spec, shared, given, None)
    assert refused.value.field == field
    assert "admin" not in str(refused.value)


def test_fields_are_named_as_the_resource_has_them() -> None:
    assert spec_field("source_url") == "spec.sourceUrl"
    assert spec_field("location.latitude") == "spec.location.latitude"
