"""Policies and users on MinIO. Another S3 has its own ways: there the policies are printed."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from minio import MinioAdmin
from minio.error import MinioAdminException

from services.admin.store_setup.policies import Policy
from services.admin.store_setup.report import Report
from snowlight.errors import FailedPreconditionError

_SECRET_BYTES = 30
_ACCESS_KEY_BYTES = 8


def init_policies(admin: MinioAdmin, wanted: dict[str, Policy], report: Report) -> None:
    """Install or renew policies, by name. Raises what `minio` raises."""
    for name, policy in wanted.items():
        if _installed(admin, name) == policy:
            report.right.append(f"policy {name} is as it should be")
        else:
            admin.policy_add(name, policy=policy)
            report.changed.append(f"policy {name} installed")


def init_users(admin: MinioAdmin, policy_of: dict[str, str], folder: Path, report: Report) -> None:
    """A user for each name in `policy_of`, with its policy; its keys go to `folder/{name}.json`.

    Who has a file there and is known to the server keeps the keys. Raises what `minio` raises.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, policy in policy_of.items():
        path = folder / f"{name}.json"
        access_key = _kept_access_key(path)
        if access_key is not None and _user_exists(admin, access_key):
            report.right.append(f"{name} has a user, its keys are in {path}")
        else:
            access_key, secret = secrets.token_hex(_ACCESS_KEY_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
            admin.user_add(access_key, secret)
            _write(path, {"access_key": access_key, "secret_key": secret})
            report.changed.append(f"{name} has a new user, its keys are in {path}")
        _attach(admin, policy, access_key, report)


def without_admin(wanted: dict[str, Policy], report: Report) -> None:
    """The endpoint has no administration that is known here."""
    for name, policy in wanted.items():
        report.missing.append(f"policy {name} must be installed by hand: {json.dumps(policy)}")


def _kept_access_key(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_bytes())["access_key"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise FailedPreconditionError("admin.keys_malformed", f"{path} holds no keys") from error


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


def _attach(admin: MinioAdmin, policy: str, access_key: str, report: Report) -> None:
    try:
        admin.attach_policy([policy], user=access_key)
    except MinioAdminException as error:
        if "PolicyChangeAlreadyApplied" not in str(error):
            raise
    else:
        report.changed.append(f"policy {policy} attached to user {access_key}")


def _write(path: Path, keys: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(keys, file)
