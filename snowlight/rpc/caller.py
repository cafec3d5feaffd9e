"""Which service makes the call that is being served, for those methods that answer differently by it."""

from contextvars import ContextVar

_caller: ContextVar[str] = ContextVar("caller", default="")


def calling_service() -> str:
    """ "services/{name}" of the call that this task serves; "" for one that needed no service's token."""
    return _caller.get()


def serve_for(caller: str | None) -> None:
    """Note who makes the call that this task serves."""
    _caller.set(caller or "")
