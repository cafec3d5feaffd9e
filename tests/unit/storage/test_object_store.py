"""Where footage lies, by settings."""

from pathlib import Path

import obstore
import pytest
from pydantic import SecretStr, ValidationError

from snowlight.buckets import ensure_bucket
from snowlight.object_store import ObjectStoreSettings, open_store


async def test_without_settings_footage_lies_in_the_data_folder(tmp_path: Path) -> None:
    settings = ObjectStoreSettings()
    await ensure_bucket(settings)
    store = open_store(settings, tmp_path)
    await obstore.put_async(store, "rec/a/x.mp4", b"bytes", mode="create")
    assert (tmp_path / "footage/rec/a/x.mp4").read_bytes() == b"bytes"
    await obstore.delete_async(store, "rec/a/x.mp4")
    assert list((tmp_path / "footage").iterdir()) == [], "emptied folders go too"


def test_a_folder_can_be_named(tmp_path: Path) -> None:
    settings = ObjectStoreSettings(url=f"file://{tmp_path}/on%20disk")
    open_store(settings, tmp_path / "unused")
    assert (tmp_path / "on disk").is_dir()
    assert not (tmp_path / "unused").exists()


@pytest.mark.parametrize(
    ("url", "endpoint", "reason"),
    [
        ("ftp://host/x", None, "file:// or s3://"),
        ("s3://bucket/prefix", None, "s3://BUCKET"),
        ("file://host/x", None, "absolute path"),
        ("s3://bucket", "127.0.0.1:9000", "http://"),
        ("s3://bucket", "http://someone:secret@127.0.0.1:9000", "without user and password"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_the_reason(
    url: str, endpoint: str | None, reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        ObjectStoreSettings(url=url, endpoint=endpoint, access_key="a", secret_key=SecretStr("b"))


def test_a_bucket_needs_keys() -> None:
    with pytest.raises(ValidationError, match="access_key"):
        ObjectStoreSettings(url="s3://bucket")
