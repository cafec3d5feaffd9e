"""What `obstore` cannot: making buckets, object lock, life cycle. `minio` speaks it, blocking."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from minio import Minio
from urllib3 import PoolManager, Timeout

from snowlight.object_store import AWS_ENDPOINT, StoreDescription


@contextmanager
def open_control(store: StoreDescription) -> Iterator[Minio]:
    """A client of the endpoint of `store`, a bucket. Its calls raise MinioException, HTTPError, OSError."""
    assert store.secret_key is not None
    endpoint = urlsplit(store.endpoint or AWS_ENDPOINT)
    with PoolManager(timeout=Timeout(connect=5, read=60), retries=False) as http:
        yield Minio(
            endpoint=endpoint.netloc,
            access_key=store.access_key,
            secret_key=store.secret_key.get_secret_value(),
            secure=endpoint.scheme == "https",
            region=store.region,
            http_client=http,
        )
