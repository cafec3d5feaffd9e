"""Sets up every store of the settings, one after the other."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from minio import Minio, MinioAdmin
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, MinioException, S3Error
from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from services.admin.store_setup.buckets import (
    init_evidence,
    init_folder,
    init_footage,
    probe_create_only,
)
from services.admin.store_setup.policies import policies, policy_name
from services.admin.store_setup.report import Report
from services.admin.store_setup.users import init_policies, init_users, without_admin
from snowlight.bucket_control import open_control
from snowlight.errors import FailedPreconditionError, UnavailableError
from snowlight.object_store import (
    EVIDENCE,
    EvidenceSettings,
    ObjectStoreSettings,
    StoreDescription,
)


def init_stores(
    settings: ObjectStoreSettings, evidence: EvidenceSettings, data_dir: Path, users_dir: Path | None
) -> Report:
    """Set up all stores of `settings` and the evidence store. Blocks; safe to run again.

    Raises UnavailableError when a store does not answer, FailedPreconditionError when it refuses.
    """
    report = Report()
    stores = list(settings.by_name().values())
    evidence_store = evidence.store(settings, data_dir)
    for store in stores:
        if store.bucket is None:
            init_folder(
                store.folder(data_dir), report, missing="any program of this machine may change footage"
            )
        else:
            _with_control(store, partial(init_footage, bucket=store.bucket, report=report))
            probe_create_only(store, data_dir, report)
    if evidence_store.bucket is None:
        folder = evidence_store.folder(data_dir)
        init_folder(folder, report, missing="nothing enforces that evidence stays as it is")
    else:
        bucket = evidence_store.bucket
        _with_control(evidence_store, partial(init_evidence, bucket=bucket, evidence=evidence, report=report))
    buckets = [store for store in (*stores, evidence_store) if store.bucket]
    for endpoint in dict.fromkeys(store.endpoint for store in buckets):
        _init_rights([store for store in buckets if store.endpoint == endpoint], users_dir, report)
    return report


def _init_rights(stores: list[StoreDescription], users_dir: Path | None, report: Report) -> None:
    """Policies and users of one endpoint, by the rights that the first of its stores has."""
    store = stores[0]
    footage = [each.bucket for each in stores if each.bucket and each.name != EVIDENCE]
    evidence = next((each.bucket for each in stores if each.name == EVIDENCE), None)
    by_service = policies(footage, evidence)
    names = {service: policy_name(service, store.bucket or "") for service in by_service}
    # By the store's name, which no other store has: buckets of two endpoints may be named alike.
    users = {f"{store.name}-{service}": name for service, name in names.items()}
    wanted = {names[service]: policy for service, policy in by_service.items()}
    assert store.secret_key is not None
    endpoint = store.endpoint_url
    with PoolManager(timeout=Timeout(connect=5, read=30), retries=False) as http:
        admin = MinioAdmin(
            endpoint=endpoint.netloc,
            credentials=StaticProvider(store.access_key or "", store.secret_key.get_secret_value()),
            secure=endpoint.scheme == "https",
            http_client=http,
        )
        try:
            admin.info()
        except (MinioAdminException, ValueError, HTTPError):
            without_admin(wanted, report)
            return
        try:
            init_policies(admin, wanted, report)
            if users_dir is not None:
                init_users(admin, users, users_dir, report)
        except (MinioAdminException, HTTPError) as error:
            raise FailedPreconditionError("admin.store_refused", f"{endpoint.netloc}: {error}") from error


def _with_control(store: StoreDescription, work: Callable[[Minio], None]) -> None:
    try:
        with open_control(store) as control:
            work(control)
    except S3Error as error:
        raise FailedPreconditionError("admin.store_refused", f"{store.bucket}: {error.code}") from error
    except (MinioException, HTTPError, OSError) as error:
        raise UnavailableError("store.unavailable", f"{store.bucket} does not answer") from error
