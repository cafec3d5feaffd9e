"""`snowlight admin`: what an installer or a script does at the command line, as a client of the services."""

from services.admin.command import main

__all__ = ["main"]
