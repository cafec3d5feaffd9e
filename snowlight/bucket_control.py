"""What `obstore` cannot: making buckets, object lock, life cycle. `minio` speaks it, blocking."""

from collections.abc import Iterator
from contextlib import contextmanager

from minio import Minio
from minio.error import MinioException, S3Error
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from snowlight.errors import UnavailableError
from snowlight.object_store import StoreDescription

_NOT_OURS_TO_MAKE = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists", "AccessDenied"}
"""Another process was first, or `snowlight admin init-store` made it and gave us fewer rights."""


@contextmanager
def open_control(store: StoreDescription) -> Iterator[Minio]:
    """A client of the endpoint of `store`, a bucket. Its calls raise MinioException, HTTPError, OSError."""
    assert store.secret_key is not None
    endpoint = store.endpoint_url
    with PoolManager(timeout=Timeout(connect=5, read=60), retries=False) as http:
        yield Minio(
            endpoint=endpoint.netloc,
            access_key=store.access_key,
            secret_key=store.secret_key.get_secret_value(),
            secure=endpoint.scheme == "https",
            region=store.region,
            http_client=http,
        )


def make_bucket(store: StoreDescription, bucket: str) -> None:
    """Make it when it is missing. Raises UnavailableError."""
    try:
        with open_control(store) as control:
            if not control.bucket_exists(bucket_name=bucket):
                control.make_bucket(bucket_name=bucket)
    except S3Error as error:
        if error.code not in _NOT_OURS_TO_MAKE:
            raise _unavailable(bucket, error) from error
    except (MinioException, HTTPError, OSError) as error:
        raise _unavailable(bucket, error) from error


def _unavailable(bucket: str, error: Exception) -> UnavailableError:
    return UnavailableError("store.unavailable", f"bucket {bucket}: {error}")
