"""Rules of a bucket on an S3 that takes rules on uploads broken off, which MinIO does not."""

from dataclasses import dataclass, field
from typing import cast

from minio import Minio
from minio.commonconfig import ENABLED, Filter
from minio.error import S3Error
from minio.lifecycleconfig import AbortIncompleteMultipartUpload, Expiration, LifecycleConfig, Rule
from minio.versioningconfig import VersioningConfig
from urllib3 import HTTPResponse

from services.admin.store_setup.buckets import init_footage
from services.admin.store_setup.report import Report

ABORT = "snowlight-abort-multipart"


@dataclass
class AnotherS3:
    """One bucket, as AWS keeps its rules: each by an id of its own, all replaced at once or none."""

    rules: list[Rule] = field(default_factory=list)
    refuses_abort: bool = False
    keeps_rules: bool = False
    """Says yes to a deletion and does nothing."""

    def bucket_exists(self, *, bucket_name: str) -> bool:
        return True

    def get_bucket_versioning(self, *, bucket_name: str) -> VersioningConfig:
        return VersioningConfig()

    def get_bucket_lifecycle(self, *, bucket_name: str) -> LifecycleConfig | None:
        return LifecycleConfig(self.rules) if self.rules else None

    def delete_bucket_lifecycle(self, *, bucket_name: str) -> None:
        if not self.keeps_rules:
            self.rules = []

    def set_bucket_lifecycle(self, *, bucket_name: str, config: LifecycleConfig) -> None:
        ids = [rule.rule_id for rule in config.rules]
        aborts = any(rule.abort_incomplete_multipart_upload for rule in config.rules)
        if len(set(ids)) != len(ids) or (self.refuses_abort and aborts):
            response = HTTPResponse(status=400, headers={"Server": "AmazonS3"})
            raise S3Error(response, "InvalidArgument", "rule", None, None, None)
        if not self.keeps_rules:
            self.rules = list(config.rules)


def age_rule(rule_id: str = "tidy", *, aborts: bool = False) -> Rule:
    abort = AbortIncompleteMultipartUpload(1) if aborts else None
    return Rule(
        ENABLED,
        rule_filter=Filter(prefix=""),
        rule_id=rule_id,
        expiration=Expiration(days=30),
        abort_incomplete_multipart_upload=abort,
    )


def abort_rule() -> Rule:
    return Rule(
        ENABLED,
        rule_filter=Filter(prefix=""),
        rule_id=ABORT,
        abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(1),
    )


def set_up(bucket: AnotherS3) -> Report:
    report = Report()
    init_footage(cast(Minio, bucket), "footage", report)
    return report


def ids(bucket: AnotherS3) -> list[str | None]:
    return [rule.rule_id for rule in bucket.rules]


def test_an_age_rule_goes_though_the_rule_on_uploads_is_there_already() -> None:
    bucket = AnotherS3([abort_rule(), age_rule()])
    report = set_up(bucket)
    assert ids(bucket) == [ABORT]
    assert report.changed == ["bucket footage: rule tidy removed, it would delete held footage"]
    assert "bucket footage drops uploads that were broken off" in report.right
    assert report.missing == []
    assert set_up(bucket).changed == []


def test_an_age_rule_of_our_own_rules_name_is_replaced() -> None:
    bucket = AnotherS3([age_rule(ABORT, aborts=True)])
    report = set_up(bucket)
    assert [(rule.rule_id, rule.expiration) for rule in bucket.rules] == [(ABORT, None)]
    assert report.missing == []


def test_an_age_rule_goes_where_no_other_is_taken() -> None:
    bucket = AnotherS3([age_rule()], refuses_abort=True)
    report = set_up(bucket)
    assert ids(bucket) == []
    assert report.changed == ["bucket footage: rule tidy removed, it would delete held footage"]
    assert report.missing == ["bucket footage takes no rule on uploads broken off: they stay and take space"]


def test_a_rule_that_stays_is_not_told_of_as_removed() -> None:
    report = set_up(AnotherS3([age_rule()], keeps_rules=True))
    assert report.changed == []
    assert any("rule tidy is still there and deletes held footage" in line for line in report.missing)
