"""What the API server itself refuses of a Camera, in words that tell what to mend."""

from typing import Any

import pytest

from tests.chart.camera_resources import REGION, Resources
from tests.parts.kubernetes.rest import RefusedError


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"region": "421381"}, "spec.region"),
        ({"region": None}, "region is required, of the camera or of its site"),
        ({"sourceUrl": None}, "either sourceUrl, or address for the sourceUrlTemplate of a site"),
        ({"address": "10.0.0.1", "siteRef": "a"}, "either sourceUrl, or address"),
        ({"sourceUrl": None, "address": "10.0.0.1"}, "address needs a siteRef"),
        ({"sourceUrl": "rtsp://admin:secret@10.0.0.1/"}, "put them into a Secret"),
        ({"subSourceUrl": "rtsp://admin@10.0.0.1/"}, "put them into a Secret"),
        ({"cameraClass": 4}, "spec.cameraClass"),
        ({"ownership": "EVERYBODY"}, "spec.ownership"),
        ({"retentionDays": 4000}, "spec.retentionDays"),
        ({"location": {"latitude": 91, "longitude": 0}}, "spec.location.latitude"),
        ({"location": {"latitude": 1}}, "spec.location.longitude"),
        ({"channel": 1}, "channel goes with address"),
        ({"deletionPolicy": "Keep"}, "spec.deletionPolicy"),
    ],
)
async def test_a_camera_that_does_not_fit_its_schema(
    resources: Resources, spec: dict[str, Any], told: str
) -> None:
    with pytest.raises(RefusedError, match=told) as refused:
        await resources.create("gate", **spec)
    assert refused.value.status == 422


@pytest.mark.parametrize("name", ["gate.north", "g" * 64])
async def test_a_name_that_is_no_id_of_a_camera(resources: Resources, name: str) -> None:
    with pytest.raises(RefusedError, match="1 to 63 lower-case letters, digits and inner hyphens"):
        await resources.create(name)


async def test_whose_a_camera_is_does_not_change(resources: Resources) -> None:
    await resources.create("gate", ownership="HOUSEHOLD")
    with pytest.raises(RefusedError, match="ownership is immutable"):
        await resources.change("gate", ownership="PUBLIC")
    with pytest.raises(RefusedError, match="ownership is immutable"):
        await resources.change("gate", ownership=None)
    await resources.create("yard")
    await resources.change("yard", ownership="PUBLIC")


async def test_a_field_that_there_is_not_is_told(resources: Resources) -> None:
    manifest = {
        "apiVersion": "snowlight.io/v1alpha1",
        "kind": "Camera",
        "metadata": {"name": "gate"},
        "spec": {"region": REGION, "sourceUrl": "rtsp://10.0.0.1/", "regoin": "x"},
    }
    with pytest.raises(RefusedError, match=r'unknown field "spec\.regoin"'):
        await resources.rest.create(resources.cameras, manifest, fieldValidation="Strict")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"region": None}, "spec.region"),
        ({"networks": ["10.0.0.0"]}, r"spec.networks\[0\]"),
        ({"sourceUrlTemplate": "rtsp://10.0.0.1/"}, "must have {address} in it"),
        ({"sourceUrlTemplate": "rtsp://admin:secret@{address}/"}, "put them into a Secret"),
        ({"defaults": {"cameraClass": 0}}, "spec.defaults.cameraClass"),
    ],
)
async def test_a_site_that_does_not_fit_its_schema(
    resources: Resources, spec: dict[str, Any], told: str
) -> None:
    with pytest.raises(RefusedError, match=told):
        await resources.create_site("village", **spec)
