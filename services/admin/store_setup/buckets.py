"""The footage bucket, unversioned and without age rules; the evidence bucket, with object lock."""

import secrets
from pathlib import Path

import obstore
from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.error import S3Error
from minio.lifecycleconfig import AbortIncompleteMultipartUpload, LifecycleConfig, Rule
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.versioningconfig import SUSPENDED, VersioningConfig
from obstore.exceptions import AlreadyExistsError, BaseError

from services.admin.store_setup.report import Report
from snowlight.errors import UnavailableError
from snowlight.object_store import EvidenceSettings, StoreDescription, open_store

ABORT_AFTER_DAYS = 1
_ABORT_RULE = "snowlight-abort-multipart"
_NO_LOCK = "ObjectLockConfigurationNotFoundError"
_NO_SUCH_RULE = ("InvalidArgument", "NotImplemented", "MalformedXML")


def init_footage(control: Minio, bucket: str, report: Report) -> None:
    """Raises what `minio` raises."""
    if control.bucket_exists(bucket_name=bucket):
        report.right.append(f"bucket {bucket} is there")
    else:
        control.make_bucket(bucket_name=bucket)
        report.changed.append(f"bucket {bucket} made")
    _stop_versions(control, bucket, report)
    _clean_rules(control, bucket, report)


def init_evidence(control: Minio, bucket: str, evidence: EvidenceSettings, report: Report) -> None:
    """Raises what `minio` raises."""
    if not control.bucket_exists(bucket_name=bucket):
        control.make_bucket(bucket_name=bucket, object_lock=True)
        report.changed.append(f"bucket {bucket} made, with object lock")
    try:
        lock = control.get_object_lock_config(bucket_name=bucket)
    except S3Error as error:
        if error.code != _NO_LOCK:
            raise
        report.missing.append(
            f"bucket {bucket} was made without object lock, which cannot be added: exports will be refused "
            "until SNOWLIGHT_EVIDENCE_URL names another bucket"
        )
        return
    wanted = ObjectLockConfig(evidence.lock_mode, evidence.retain_days, DAYS)
    if (lock.mode, lock.duration, lock.duration_unit) == (wanted.mode, wanted.duration, DAYS):
        report.right.append(f"bucket {bucket} locks every object for {evidence.retain_days} days")
    else:
        control.set_object_lock_config(bucket_name=bucket, config=wanted)
        report.changed.append(
            f"bucket {bucket} locks every new object for {evidence.retain_days} days ({evidence.lock_mode})"
        )


def init_folder(folder: Path, report: Report, *, missing: str) -> None:
    """A store that is a folder enforces nothing; `missing` says what that means here."""
    if folder.is_dir():
        report.right.append(f"folder {folder} is there")
    else:
        folder.mkdir(parents=True)
        report.changed.append(f"folder {folder} made")
    report.missing.append(f"folder {folder}: {missing}")


def probe_create_only(store: StoreDescription, data_dir: Path, report: Report) -> None:
    """Whether a PUT that must not replace an object is refused when there is one (RFC 9110 13.1.2).

    Raises UnavailableError.
    """
    client = open_store(store, data_dir)
    key = f"meta/probe-{secrets.token_hex(8)}"
    try:
        obstore.put(client, key, b"first", mode="create")
        try:
            obstore.put(client, key, b"second", mode="create")
        except AlreadyExistsError:
            report.right.append(f"bucket {store.bucket} lets no second writer replace an object")
        else:
            report.missing.append(
                f"bucket {store.bucket} ignores If-None-Match: a second writer could replace an object. Only "
                "the epoch in each key keeps two workers apart"
            )
        obstore.delete(client, key)
    except (BaseError, OSError) as error:
        raise UnavailableError(
            "store.unavailable", f"bucket {store.bucket} refuses a probe: {error}"
        ) from error


def _stop_versions(control: Minio, bucket: str, report: Report) -> None:
    if control.get_bucket_versioning(bucket_name=bucket).status == ENABLED:
        control.set_bucket_versioning(bucket_name=bucket, config=VersioningConfig(SUSPENDED))
        report.changed.append(
            f"bucket {bucket} keeps no versions from now on; versions it has stay and take space until you "
            "delete them"
        )
    else:
        report.right.append(f"bucket {bucket} keeps no versions")


def _clean_rules(control: Minio, bucket: str, report: Report) -> None:
    """Leave rules on uploads that were broken off alone. Any rule on age would delete held footage.

    What was changed is told by what the bucket says of its rules afterwards.
    """
    before = _rules(control, bucket)
    deleting = [rule for rule in before if _deletes(rule)]
    aborting = [rule for rule in before if _aborts(rule)]
    if aborting and not deleting:
        report.right.append(f"bucket {bucket} drops uploads that were broken off")
        return
    if deleting:
        # Before others are put in their place: a server that refuses those must not keep these.
        control.delete_bucket_lifecycle(bucket_name=bucket)
    is_minio = _put_rules(control, bucket, aborting or [_abort_rule()])
    after = _rules(control, bucket)
    _tell_removed(bucket, deleting, [rule for rule in after if _deletes(rule)], report)
    if any(_aborts(rule) for rule in after):
        if aborting:
            report.right.append(f"bucket {bucket} drops uploads that were broken off")
        else:
            report.changed.append(f"bucket {bucket} drops uploads broken off for {ABORT_AFTER_DAYS} day")
    elif is_minio:
        # It drops them by itself after 24 hours (api stale_uploads_expiry).
        report.right.append(f"bucket {bucket}: the server itself drops uploads that were broken off")
    else:
        report.missing.append(
            f"bucket {bucket} takes no rule on uploads broken off: they stay and take space"
        )


def _put_rules(control: Minio, bucket: str, rules: list[Rule]) -> bool:
    """Whether it is MinIO that refuses them, which takes no rule on uploads broken off."""
    try:
        control.set_bucket_lifecycle(bucket_name=bucket, config=LifecycleConfig(rules))
    except S3Error as error:
        if error.code not in _NO_SUCH_RULE:
            raise
        return str(error.response.headers.get("Server", "")).startswith("MinIO")
    return False


def _tell_removed(bucket: str, deleting: list[Rule], left: list[Rule], report: Report) -> None:
    for rule in deleting:
        if rule.rule_id not in {each.rule_id for each in left}:
            report.changed.append(
                f"bucket {bucket}: rule {rule.rule_id} removed, it would delete held footage"
            )
    for rule in left:
        report.missing.append(
            f"bucket {bucket}: rule {rule.rule_id} is still there and deletes held footage: remove it by hand"
        )


def _rules(control: Minio, bucket: str) -> list[Rule]:
    config = control.get_bucket_lifecycle(bucket_name=bucket)
    return list(config.rules) if config else []


def _aborts(rule: Rule) -> bool:
    return bool(rule.status == ENABLED and rule.abort_incomplete_multipart_upload and not _deletes(rule))


def _deletes(rule: Rule) -> bool:
    return bool(
        rule.expiration
        or rule.transition
        or rule.noncurrent_version_expiration
        or rule.noncurrent_version_transition
    )


def _abort_rule() -> Rule:
    return Rule(
        ENABLED,
        rule_filter=Filter(prefix=""),
        rule_id=_ABORT_RULE,
        abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(ABORT_AFTER_DAYS),
    )
