"""What each service may do in the buckets, and no more: policies in the language of S3 (IAM)."""

from typing import Any

Policy = dict[str, Any]

SERVICES = ("ingest", "storage", "gateway")


def policies(footage_buckets: list[str], evidence_bucket: str | None) -> dict[str, Policy]:
    """By name, `snowlight-{service}`."""
    return {
        "snowlight-ingest": _policy(_ingest(footage_buckets)),
        "snowlight-storage": _policy(_storage(footage_buckets, evidence_bucket)),
        "snowlight-gateway": _policy(_gateway(footage_buckets, evidence_bucket)),
    }


def _ingest(footage: list[str]) -> list[Policy]:
    """Adds footage and looks whether it is there. It can delete and list nothing."""
    return [
        _allow(["s3:ListBucket", "s3:GetBucketLocation"], [_bucket(name) for name in footage], prefix=[""]),
        _allow(["s3:PutObject", "s3:GetObject"], [f"{_bucket(name)}/rec/*" for name in footage]),
    ]


def _storage(footage: list[str], evidence: str | None) -> list[Policy]:
    """Keeps the index, deletes what has expired, adds evidence. Of evidence it can delete nothing."""
    everywhere = [_bucket(name) for name in footage]
    statements = [
        _allow(["s3:ListBucket", "s3:GetBucketLocation"], everywhere),
        _allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [f"{name}/*" for name in everywhere]),
    ]
    if evidence is not None:
        statements += [
            _allow(["s3:ListBucket", "s3:GetBucketObjectLockConfiguration"], [_bucket(evidence)]),
            _allow(
                ["s3:GetObject", "s3:PutObject", "s3:PutObjectRetention", "s3:GetObjectRetention"],
                [f"{_bucket(evidence)}/exp/*"],
            ),
        ]
    return statements


def _gateway(footage: list[str], evidence: str | None) -> list[Policy]:
    """Reads footage and evidence. It can change nothing."""
    readable = [f"{_bucket(name)}/rec/*" for name in footage]
    if evidence is not None:
        readable.append(f"{_bucket(evidence)}/exp/*")
    return [_allow(["s3:GetObject"], readable)]


def _policy(statements: list[Policy]) -> Policy:
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: list[str], resources: list[str], *, prefix: list[str] | None = None) -> Policy:
    statement: Policy = {"Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources)}
    if prefix is not None:
        statement["Condition"] = {"StringEquals": {"s3:prefix": prefix}}
    return statement


def _bucket(name: str) -> str:
    return f"arn:aws:s3:::{name}"
