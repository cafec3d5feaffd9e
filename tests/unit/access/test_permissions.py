"""The table of who may call what: whole, and as operators are told."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from google.protobuf.descriptor import FileDescriptor

import snowlight.api
from snowlight.rpc.permissions import ANYONE, PERMISSIONS

PAGE = Path(__file__).parents[3] / "docs" / "between-services.md"
DOOR = "snowlight.api.access."
"""Of clients, which the door lets in by their certificates (docs/access.md)."""
CALLERS = {"gateway", "ingest", "storage", "auth", "admin"}


def api_methods() -> Iterator[str]:
    """Every method of the services that proto/ describes, but for those of the door."""
    for module in pkgutil.walk_packages(snowlight.api.__path__, "snowlight.api."):
        if module.name.endswith("_pb2") and not module.name.startswith(DOOR):
            file: FileDescriptor = import_module(module.name).DESCRIPTOR
            for service in file.services_by_name.values():
                for method in service.methods:
                    yield f"/{service.full_name}/{method.name}"


def test_every_method_has_its_row_and_every_row_its_method() -> None:
    """Who adds a method says who calls it: in snowlight/rpc/permissions.py and docs/between-services.md."""
    rows = {method for method in PERMISSIONS if method.startswith("/snowlight.")}
    assert rows == set(api_methods())


def test_callers_are_services_and_only_health_reflection_and_token_issue_are_open() -> None:
    open_to_all = {method for method, callers in PERMISSIONS.items() if ANYONE in callers}
    assert {method for method in open_to_all if not method.startswith("/grpc.")} == {
        "/snowlight.api.auth.v1.Tokens/IssueToken"
    }
    for method in PERMISSIONS.keys() - open_to_all:
        assert PERMISSIONS[method]
        assert set(PERMISSIONS[method]) <= CALLERS


def test_the_page_for_operators_shows_the_table_that_holds() -> None:
    rows: dict[str, set[str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 5 and cells[1].startswith("`/"):
            assert cells[1].strip("`") not in rows
            rows[cells[1].strip("`")] = {caller.strip() for caller in cells[2].split(",")}
    assert rows == PERMISSIONS
