"""`snowlight admin`: what an installer or a script does at the command line. It is a client of auth."""

from services.admin.command import main

__all__ = ["main"]
