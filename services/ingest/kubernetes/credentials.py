"""Who a process is for the API server, as files tell it. They change while it runs."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from snowlight.errors import UnavailableError

if TYPE_CHECKING:
    from kubernetes.aio.client import Configuration

LoadCredentials = Callable[[], Awaitable[None]]
"""Has a client's configuration say what its credentials are now. Raises UnavailableError."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Where a pod finds its own."""

    folder: Path = Path("/var/run/secrets/kubernetes.io/serviceaccount")
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


OF_THIS_POD = ServiceAccount()


async def load_credentials(
    configuration: Configuration, kubeconfig: Path | None, account: ServiceAccount
) -> None:
    """As `kubeconfig` says them, else as those of `account`. Raises UnavailableError where there are none."""
    from kubernetes.aio.config import ConfigException, load_kube_config
    from kubernetes.aio.config.incluster_config import InClusterConfigLoader

    try:
        if kubeconfig is not None:
            await load_kube_config(  # type: ignore[no-untyped-call]
                config_file=str(kubeconfig), client_configuration=configuration
            )
            return
        token, authority = account.folder / "token", account.folder / "ca.crt"
        loader = InClusterConfigLoader(token, authority, False, account.environment)  # type: ignore[no-untyped-call]
        loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
    except (ConfigException, OSError) as error:
        raise UnavailableError("kubernetes.not_configured", str(error)) from error
