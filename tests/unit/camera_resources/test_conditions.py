"""The status of a Camera."""

from dataclasses import replace
from typing import Any

from services.ingest.camera_resources.conditions import Outcome, status_of
from services.ingest.camera_resources.resources import CameraResource
from services.ingest.registry.record import CameraRecord
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError

NOW_MS = 1_800_000_000_000
RECORD = CameraRecord(
    uid="0m",
    id="gate",
    revision=1,
    display_name="",
    region="regions/421381",
    source_url="rtsp://10.0.0.1/",
    source_secret=None,
    sub_source_url="",
    sub_source_secret=None,
    camera_class=3,
    ownership=camera_pb2.PUBLIC,
    owner="",
    managing_unit="",
    operator="",
    latitude=None,
    longitude=None,
    listed_for_residents=False,
    audio=False,
    enabled=True,
    schedule="",
    retention_days=0,
    dossier={},
    create_time_ms=0,
    update_time_ms=0,
    owner_time_ms=0,
)


def resource(status: dict[str, Any]) -> CameraResource:
    return CameraResource("gate", "cameras", "u", "7", 2, {}, status, (), adopts=False, is_deleted=False)


def by_type(status: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["type"]: one for one in status["conditions"]}


def test_a_camera_that_is_online() -> None:
    status = status_of(resource({}), Outcome("u", 2, RECORD), camera_pb2.ONLINE, "", NOW_MS)
    assert {key: status[key] for key in ("observedGeneration", "uid", "region", "state", "recording")} == {
        "observedGeneration": 2,
        "uid": "0m",
        "region": "regions/421381",
        "state": "Online",
        "recording": "Always",
    }
    conditions = by_type(status)
    assert conditions["Synced"]["status"] == conditions["Online"]["status"] == "True"
    assert conditions["Synced"]["lastTransitionTime"] == "2027-01-15T08:00:00Z"


def test_what_the_registry_refuses_is_told_with_its_field() -> None:
    error = InvalidArgumentError("camera.schedule_invalid", "'25' is no time of day", field="schedule")
    status = status_of(resource({}), Outcome("u", 2, None, error), camera_pb2.CONNECTING, "", NOW_MS)
    synced = by_type(status)["Synced"]
    assert synced["status"] == "False"
    assert synced["reason"] == "CameraScheduleInvalid"
    assert synced["message"] == "spec.schedule: '25' is no time of day"
    assert "uid" not in status


def test_why_a_camera_is_away_is_told() -> None:
    reason = "camera.auth_failed: 401 after Digest"
    status = status_of(resource({}), Outcome("u", 2, RECORD), camera_pb2.OFFLINE, reason, NOW_MS)
    online = by_type(status)["Online"]
    assert (online["status"], online["reason"], online["message"]) == (
        "False",
        "CameraAuthFailed",
        "401 after Digest",
    )


def test_nothing_changes_where_nothing_changed() -> None:
    outcome = Outcome("u", 2, RECORD)
    first = status_of(resource({}), outcome, camera_pb2.ONLINE, "", NOW_MS)
    assert status_of(resource(first), outcome, camera_pb2.ONLINE, "", NOW_MS + 60_000) == first


def test_the_time_of_a_condition_is_that_of_its_status() -> None:
    outcome = Outcome("u", 2, RECORD)
    first = status_of(resource({}), outcome, camera_pb2.ONLINE, "", NOW_MS)
    later = status_of(resource(first), outcome, camera_pb2.OFFLINE, "", NOW_MS + 60_000)
    assert by_type(later)["Synced"] == by_type(first)["Synced"]
    assert by_type(later)["Online"]["lastTransitionTime"] == "2027-01-15T08:01:00Z"


def test_when_it_records() -> None:
    for record, recording in (
        (replace(RECORD, schedule="mon 08:00-09:00"), "Scheduled"),
        (replace(RECORD, enabled=False, schedule="mon 08:00-09:00"), "Off"),
    ):
        status = status_of(resource({}), Outcome("u", 2, record), camera_pb2.DISABLED, "", NOW_MS)
        assert status["recording"] == recording
