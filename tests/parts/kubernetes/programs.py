"""Kubernetes' own servers and etcd: built with Go, and taken from Debian, once and kept.

As a command it does that ahead of the tests.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.parts.go import find_go
from tests.parts.part import CACHE, apt_unpack, machine_lock, run

VERSION = "v1.34.3"
"""As `programs/go.mod` requires it."""
BUILD_TIMEOUT_S = 1800
_SOURCES = Path(__file__).parent / "programs"
_KEPT = CACHE / "kubernetes"


@dataclass(frozen=True)
class KubernetesPrograms:
    """What a control plane is made of."""

    etcd: Path
    kubernetes: Path
    """kube-apiserver, kube-controller-manager or kube-scheduler, as its first argument says."""


def find_kubernetes() -> KubernetesPrograms:
    """The programs. Raises PartMissingError."""
    with machine_lock("kubernetes"):
        return KubernetesPrograms(etcd=_etcd(), kubernetes=_kubernetes())


def _etcd() -> Path:
    on_path = shutil.which("etcd")
    if on_path:
        return Path(on_path)
    unpacked = _KEPT / "etcd"
    found = unpacked / "usr/bin/etcd"
    if not found.exists():
        apt_unpack(["etcd-server"], unpacked)
    return found


def _kubernetes() -> Path:
    built = _KEPT / VERSION / "kubernetes"
    if not built.exists():
        built.parent.mkdir(parents=True, exist_ok=True)
        partial = built.with_suffix(".partial")
        flags = f"-s -w -X k8s.io/component-base/version.gitVersion={VERSION}"
        run(
            *(find_go(), "build", "-buildvcs=false", f"-ldflags={flags}", "-o", partial, "."),
            timeout_s=BUILD_TIMEOUT_S,
            env={**os.environ, "GOFLAGS": "-modcacherw", "CGO_ENABLED": "0"},
            folder=_SOURCES,
        )
        partial.rename(built)
    return built


if __name__ == "__main__":
    find_kubernetes()
