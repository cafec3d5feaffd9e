"""The command line: `snowlight ingest|storage|auth|gateway|all|migrate|drain|admin|verify`.

Each command loads its own packages alone: what a process does not run costs it neither memory nor time.
"""

import argparse
import sys

from services.loading import load

SERVICES = ("auth", "storage", "ingest", "gateway")
TOOLS = ("migrate", "drain", "admin", "verify")


def main() -> None:
    """Entry point of the `snowlight` command."""
    parser = argparse.ArgumentParser(prog="snowlight", description="A media cluster for a city's cameras.")
    parser.add_argument("command", choices=(*SERVICES, "all", *TOOLS), help="a service, all, or a tool")
    command = parser.parse_args(sys.argv[1:2]).command
    if command in TOOLS:
        sys.exit(load(f"services.{command}").main(sys.argv[2:]))
    if command == "ingest":
        load("services.ingest.__main__").main(sys.argv[2:])
        return
    if sys.argv[2:]:
        parser.error(f"{command} takes no arguments: its settings are SNOWLIGHT_* in the environment")
    module = "services.embedded" if command == "all" else f"services.{command}.__main__"
    load(module).main()


if __name__ == "__main__":
    main()
