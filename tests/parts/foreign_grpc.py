"""grpcurl and ghz: clients of gRPC that are not ours, built with Go once and kept."""

import os
import shutil
from pathlib import Path

from tests.parts.access_clients import find_go_client, find_java_clients
from tests.parts.go import find_go
from tests.parts.part import CACHE, machine_lock, run

GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3"
GHZ = "github.com/bojand/ghz/cmd/ghz@v0.121.0"
BUILD_TIMEOUT_S = 1200
_BUILT = CACHE / "foreign-grpc"


def find_grpcurl() -> Path:
    """grpcurl. Raises PartMissingError."""
    return _find("grpcurl", GRPCURL)


def find_ghz() -> Path:
    """ghz. Raises PartMissingError."""
    return _find("ghz", GHZ)


def _find(name: str, module: str) -> Path:
    on_path = shutil.which(name)
    if on_path:
        return Path(on_path)
    built = _BUILT / name
    with machine_lock("foreign-grpc"):
        if not built.exists():
            environment = {
                **os.environ,
                "GOBIN": str(_BUILT),
                "GOFLAGS": "-modcacherw",
                "CGO_ENABLED": "0",
            }
            run(find_go(), "install", "-ldflags=-s -w", module, env=environment, timeout_s=BUILD_TIMEOUT_S)
    return built


if __name__ == "__main__":
    for find in (find_java_clients, find_go_client, find_grpcurl, find_ghz):
        find()
