"""What each service may do in the buckets, and no more: policies in the language of S3 (IAM)."""

from typing import Any

Policy = dict[str, Any]

_OF_A_VERSION: Policy = {"Condition": {"StringLike": {"s3:versionid": ["?*"]}}}
"""The request names the version, so that it does not put a marker over the newest instead."""


def policies(footage_buckets: list[str], evidence_bucket: str | None) -> dict[str, Policy]:
    """By service, of the buckets of one endpoint. Who has nothing to do there has none."""
    statements = {
        "ingest": _ingest(footage_buckets),
        "storage": _storage(footage_buckets, evidence_bucket),
        "gateway": _gateway(footage_buckets, evidence_bucket),
    }
    return {
        service: {"Version": "2012-10-17", "Statement": allowed}
        for service, each in statements.items()
        if (allowed := [statement for statement in each if statement["Resource"]])
    }


def policy_name(service: str, bucket: str) -> str:
    """Names are the server's own, and several clusters may share it."""
    return f"{bucket}-{service}"


def _ingest(footage: list[str]) -> list[Policy]:
    """Adds footage and looks whether it is there. It can delete and list nothing."""
    return [_allow(["s3:PutObject", "s3:GetObject"], _below(footage, "rec"))]


def _storage(footage: list[str], evidence: str | None) -> list[Policy]:
    """Keeps the index, deletes what has expired, adds evidence. It can neither add footage nor put other in
    its place. Of evidence it can delete versions that no lock keeps any more, and hide none.

    For a version MinIO asks for DeleteObject, S3 for DeleteObjectVersion. Nothing here goes around a lock.
    """
    kept = _below(footage, "idx", "meta", "aside")
    locked = [evidence] if evidence else []
    return [
        _allow(["s3:ListBucket"], [_bucket(name) for name in (*footage, *locked)]),
        _allow(["s3:GetObject", "s3:DeleteObject"], [*_below(footage, "rec"), *kept]),
        _allow(["s3:PutObject"], kept),
        _allow(["s3:DeleteObject"], _below(footage, "prv", "thm")),
        _allow(["s3:ListBucketVersions"], [_bucket(name) for name in locked]),
        _allow(["s3:GetObject", "s3:PutObject", "s3:PutObjectRetention"], _below(locked, "exp")),
        _allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], _below(locked, "exp")) | _OF_A_VERSION,
    ]


def _gateway(footage: list[str], evidence: str | None) -> list[Policy]:
    """Reads footage, keeps sheets of small pictures of it, and reads evidence to be taken along. It can
    change nothing else, and delete nothing.

    Without ListBucket a store does not tell a missing object from a forbidden one.
    """
    taken = [evidence] if evidence else []
    return [
        _allow(["s3:GetObject"], [*_below(footage, "rec", "prv", "thm"), *_below(taken, "exp")]),
        _allow(["s3:PutObject"], _below(footage, "prv", "thm")),
        _allow(["s3:ListBucket"], [_bucket(name) for name in (*footage, *taken)]),
    ]


def _below(buckets: list[str], *folders: str) -> list[str]:
    return [f"{_bucket(name)}/{folder}/*" for name in buckets for folder in folders]


def _allow(actions: list[str], resources: list[str]) -> Policy:
    return {"Effect": "Allow", "Action": sorted(actions), "Resource": sorted(resources)}


def _bucket(name: str) -> str:
    return f"arn:aws:s3:::{name}"
