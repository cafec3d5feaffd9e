"""Policies and users on MinIO. Another S3 has its own ways: there the policies are printed."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from minio import MinioAdmin
from minio.error import MinioAdminException

from services.admin.store_setup.policies import SERVICES, Policy
from services.admin.store_setup.report import Report

ACCESS_KEY = "snowlight-{service}"
_SECRET_BYTES = 30


def init_policies(admin: MinioAdmin, wanted: dict[str, Policy], report: Report) -> None:
    """Install or renew the policies. Raises what `minio` raises."""
    for name, policy in wanted.items():
        if _installed(admin, name) == policy:
            report.right.append(f"policy {name} is as it should be")
        else:
            admin.policy_add(name, policy=policy)
            report.changed.append(f"policy {name} installed")


def init_users(admin: MinioAdmin, folder: Path, report: Report) -> None:
    """A user for each service, whose keys go to `folder/{service}.json`. One that exists keeps its keys."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for service in SERVICES:
        name = ACCESS_KEY.format(service=service)
        if _user_exists(admin, name):
            report.right.append(f"user {name} is there")
        else:
            secret = secrets.token_urlsafe(_SECRET_BYTES)
            admin.user_add(name, secret)
            _write(folder / f"{service}.json", {"access_key": name, "secret_key": secret})
            report.changed.append(f"user {name} made, its keys are in {folder / f'{service}.json'}")
        _attach(admin, name, report)


def without_admin(wanted: dict[str, Policy], report: Report) -> None:
    """The endpoint has no administration that is known here."""
    for name, policy in wanted.items():
        report.missing.append(f"policy {name} must be installed by hand: {json.dumps(policy)}")


def _installed(admin: MinioAdmin, name: str) -> Policy | None:
    try:
        found: Policy = json.loads(admin.policy_info(name))
    except MinioAdminException as error:
        if "NoSuchPolicy" in str(error):
            return None
        raise
    for statement in found.get("Statement", ()):
        for field in ("Action", "Resource"):
            statement[field] = sorted(statement.get(field, ()))
    return found


def _user_exists(admin: MinioAdmin, name: str) -> bool:
    try:
        admin.user_info(name)
    except MinioAdminException as error:
        if "NoSuchUser" in str(error):
            return False
        raise
    return True


def _attach(admin: MinioAdmin, name: str, report: Report) -> None:
    try:
        admin.attach_policy([name], user=name)
    except MinioAdminException as error:
        if "PolicyChangeAlreadyApplied" not in str(error):
            raise
    else:
        report.changed.append(f"policy {name} attached to its user")


def _write(path: Path, keys: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(keys, file)
