"""Exit 0 where the Snowlight process of this container is ready, 1 with what it waits for otherwise."""

import os
import sys
import urllib.error
import urllib.request


def main() -> None:
    """Ask `/readyz` on the port of SNOWLIGHT_ADMIN_LISTEN; of several workers, the first."""
    port = os.environ.get("SNOWLIGHT_ADMIN_LISTEN", "127.0.0.1:9090").rpartition(":")[2]
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=4).close()
    except urllib.error.HTTPError as error:
        sys.exit(error.read(2000).decode(errors="replace"))
    except OSError as error:
        sys.exit(f"no answer on port {port}: {error}")


if __name__ == "__main__":
    main()
