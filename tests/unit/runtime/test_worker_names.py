"""What the workers of one machine are called."""

import pytest
from pydantic import ValidationError

from services.ingest.config import IngestSettings
from services.ingest.workers import worker_settings
from snowlight.config import ClusterSettings
from snowlight.errors import FailedPreconditionError


@pytest.mark.parametrize(
    ("worker", "names"), [("0", ["0", "1", "2"]), ("ingest-4", ["ingest-4", "ingest-4.1", "ingest-4.2"])]
)
def test_workers_of_several_machines_have_names_of_their_own(worker: str, names: list[str]) -> None:
    settings = IngestSettings(worker=worker, database_url="postgresql+asyncpg://u:p@db/ingest")
    told = [worker_settings(number, settings, ClusterSettings()) for number in range(3)]
    assert [each["SNOWLIGHT_INGEST_WORKER"] for each in told] == names


def test_workers_of_a_machine_account_for_its_cores_in_one_place() -> None:
    settings = IngestSettings(database_url="postgresql+asyncpg://u:p@db/ingest")
    told = [worker_settings(number, settings, ClusterSettings()) for number in range(3)]
    (folder,) = {each["SNOWLIGHT_INGEST_TRANSCODE_TOGETHER"] for each in told}
    assert folder


@pytest.mark.parametrize("setting", ["worker", "zone"])
@pytest.mark.parametrize("name", ["north hall", "a\nb", "", "x" * 65, "café"])
def test_a_name_is_refused_that_does_not_go_into_paths_and_labels(setting: str, name: str) -> None:
    with pytest.raises(ValidationError, match=setting):
        IngestSettings.model_validate({setting: name})


@pytest.mark.parametrize("setting", ["listen", "publish_rtmp_listen", "publish_rtsp_listen"])
def test_several_workers_want_a_port_that_is_known(setting: str) -> None:
    url = "postgresql+asyncpg://u:p@db/ingest"
    settings = IngestSettings.model_validate({"database_url": url, setting: "127.0.0.1:0"})
    with pytest.raises(FailedPreconditionError, match=setting):
        worker_settings(0, settings, ClusterSettings())
