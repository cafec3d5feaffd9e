"""`python -m services.auth`: auth as its own process."""

from services.auth.app import run_auth
from services.auth.config import AuthSettings
from snowlight.config import ClusterSettings
from snowlight.runtime import build_runtime, run_process


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    run_process(
        lambda: build_runtime("auth", ClusterSettings()),
        lambda runtime: run_auth(runtime, AuthSettings()),
    )


if __name__ == "__main__":
    main()
