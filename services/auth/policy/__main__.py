"""`python -m services.auth.policy [FOLDER]`: check policy files. Exits 1 and says what is wrong."""

import sys
from pathlib import Path

from services.auth.policy.policies import RULES, load_policies
from snowlight.errors import FailedPreconditionError


def main() -> None:
    """Check the folder named, or Snowlight's own."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else RULES
    try:
        load_policies(folder)
    except FailedPreconditionError as error:
        sys.exit(f"policies: {error.detail}")


if __name__ == "__main__":
    main()
