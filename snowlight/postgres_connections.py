"""Connections to PostgreSQL that end when it has gone without a word, as with the node that it ran on.

TCP alone would wait for a quarter of an hour, and for ever where nothing is under way.
"""

import socket
from typing import Any
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine

CONNECT_SECONDS = 10.0
_CLOSE_SECONDS = 0.25
"""For the server to hear that a statement is given up, or the connection. One that is gone never does."""
_TCP_OPTIONS = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 2),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000),
)
"""A host that is gone is noticed within 11 s, whatever a statement may take: where it runs, its kernel
answers."""


class Connections:
    """Those of one engine, which need not be of PostgreSQL: of others nothing is known."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._open: WeakSet[Any] = WeakSet()
        if engine.dialect.name == "postgresql":
            event.listen(engine.sync_engine, "connect", self._opened)

    def cut(self) -> None:
        """End all at once, whatever is under way on them: who uses one is told so, and who wants one gets a
        new one."""
        for connection in tuple(self._open):
            connection.terminate()

    def _opened(self, connection: Any, _record: Any) -> None:
        self._open.add(connection.driver_connection)


def watch(engine: AsyncEngine) -> None:
    """Have each connection of an engine of asyncpg notice that the server is gone."""
    event.listen(engine.sync_engine, "connect", _set_options)
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "handle_error", _give_up_silent)
    event.listen(engine.sync_engine, "close", _close_soon)


def _set_options(connection: Any, _record: Any) -> None:
    its = connection.driver_connection._transport.get_extra_info("socket")
    if its.family != socket.AF_UNIX:
        for option in _TCP_OPTIONS:
            its.setsockopt(*option)


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have a connection that the server has closed replaced. Asking the server takes four round trips."""
    if connection.driver_connection.is_closed():
        raise sa.exc.DisconnectionError


def _give_up_silent(context: ExceptionContext) -> None:
    """Have all connections replaced that were there with one that has not answered in time, as that is."""
    if isinstance(context.original_exception, TimeoutError):
        context.invalidate_pool_on_disconnect = True


def _close_soon(connection: Any, _record: Any) -> None:
    """Close a connection. SQLAlchemy would wait for 2 s with one that is given up, as that of a cancelled
    task is, and with others as long as for any answer."""
    driver = connection.driver_connection
    try:
        connection.run_async(lambda its: its.close(timeout=_CLOSE_SECONDS))
    except Exception:  # noqa: BLE001 - whatever it is, the connection is of no use
        driver.terminate()
