"""What each service may do in the buckets, and no more: policies in the language of S3 (IAM)."""

from typing import Any

Policy = dict[str, Any]


def policies(footage_buckets: list[str], evidence_bucket: str | None) -> dict[str, Policy]:
    """By service. At least one bucket is named."""
    return {
        "ingest": _policy(_ingest(footage_buckets)),
        "storage": _policy(_storage(footage_buckets, evidence_bucket)),
        "gateway": _policy(_gateway(footage_buckets, evidence_bucket)),
    }


def policy_name(service: str, bucket: str) -> str:
    """Names are the server's own, and several clusters may share it."""
    return f"{bucket}-{service}"


def _ingest(footage: list[str]) -> list[Policy]:
    """Adds footage and looks whether it is there. It can delete and list nothing."""
    return [_allow(["s3:PutObject", "s3:GetObject"], [f"{_bucket(name)}/rec/*" for name in footage])]


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
    """Reads footage and evidence. It can change nothing.

    Without ListBucket a store does not tell a missing object from a forbidden one.
    """
    readable_buckets = [*footage, *([evidence] if evidence else [])]
    readable = [f"{_bucket(name)}/rec/*" for name in footage]
    if evidence is not None:
        readable.append(f"{_bucket(evidence)}/exp/*")
    return [
        _allow(["s3:GetObject"], readable),
        _allow(["s3:ListBucket"], [_bucket(name) for name in readable_buckets]),
    ]


def _policy(statements: list[Policy]) -> Policy:
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: list[str], resources: list[str]) -> Policy:
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources)}


def _bucket(name: str) -> str:
    return f"arn:aws:s3:::{name}"
