"""A question about integrity that cannot be answered names its field."""

from __future__ import annotations

import pytest

from snowlight.api.storage.v1 import integrity_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError
from snowlight.rpc.status import remote_errors
from tests.rpc.storage.days import DAY, Town


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (integrity_pb2.GetIntegrityRequest(period=DAY), "subject"),
        (integrity_pb2.GetIntegrityRequest(period=DAY, camera_uid="../x"), "camera_uid"),
        (integrity_pb2.GetIntegrityRequest(period=DAY, region="421381"), "region"),
        (integrity_pb2.GetIntegrityRequest(period=DAY, region="regions/42138"), "region"),
        (integrity_pb2.GetIntegrityRequest(period=DAY, region="regions/421381%"), "region"),
        (integrity_pb2.GetIntegrityRequest(period="", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="2024", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="2024-02-30", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="2024-13", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="0000-01", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="9999-12-31", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="2999-01", camera_uid="cam"), "period"),
        (integrity_pb2.GetIntegrityRequest(period="２０２４-01", camera_uid="cam"), "period"),
        *(
            (integrity_pb2.GetIntegrityRequest(period=period, camera_uid="cam"), "period")
            for period in (
                "2024-03-01/",
                "2024-03-01/2024-03-01",
                "2024-03-02/2024-03-01",
                "2024-02/2024-03",
                "2024-03-01/2024-04-03",
                "2024-03-01/2024-03-02/2024-03-03",
            )
        ),
    ],
)
async def test_a_malformed_question_names_the_field(
    town: Town, request_: integrity_pb2.GetIntegrityRequest, field: str
) -> None:
    await town.register("cam", "2024-03-01 00:00")
    with pytest.raises(InvalidArgumentError) as raised, remote_errors("services/storage"):
        await town.reports.GetIntegrity(request_)
    assert raised.value.field == field


@pytest.mark.parametrize(("subject", "field"), [("nobody", "camera_uid"), ("regions/65", "region")])
async def test_what_never_was_is_not_found(town: Town, subject: str, field: str) -> None:
    await town.register("cam", "2024-03-01 00:00")
    with pytest.raises(NotFoundError) as raised:
        await town.integrity(subject, DAY)
    assert raised.value.field == field
