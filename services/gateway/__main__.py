"""The gateway as a process of its own: `snowlight gateway`."""

from services.gateway.app import run_gateway
from services.gateway.config import GatewaySettings
from snowlight.config import ClusterSettings
from snowlight.runtime import build_runtime, run_process


def main() -> None:
    """Serve people until told to stop."""
    run_process(
        lambda: build_runtime("gateway", ClusterSettings()), lambda rt: run_gateway(rt, GatewaySettings())
    )


if __name__ == "__main__":
    main()
