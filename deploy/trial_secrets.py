"""Prints new secrets for deploy/compose.yaml: `umask 077; python3 deploy/trial_secrets.py > deploy/.env`."""

import secrets

NAMES = ("SNOWLIGHT_CLUSTER_KEY", "POSTGRES_PASSWORD", "MINIO_PASSWORD")


def main() -> None:
    """Lines of an environment file."""
    for name in NAMES:
        print(f"{name}={secrets.token_hex(32 if name == 'SNOWLIGHT_CLUSTER_KEY' else 16)}")  # noqa: T201
    print(f"MINIO_USER=snowlight-{secrets.token_hex(4)}")  # noqa: T201


if __name__ == "__main__":
    main()
