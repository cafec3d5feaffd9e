"""How it is told that a connection, or what stands for one, is over."""

import asyncio


def tell_end(ended: asyncio.Future[None], error: Exception | None) -> None:
    """Let `ended` say why it is over, if nothing said so before. `error`: None for a farewell.

    Whoever waits is told; where nobody waits, nothing is logged.
    """
    if ended.done():
        return
    if error is None:
        ended.set_result(None)
    else:
        ended.set_exception(error)
        ended.exception()
