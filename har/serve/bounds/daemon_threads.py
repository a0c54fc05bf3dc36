"""Work in a thread that the end of the program does not wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


async def in_daemon_thread(work: Callable[[], Result], name: str) -> Result:
    """Do work in a thread of its own, and wait for it while the event loop goes on.

    Those of `asyncio.to_thread` are joined at the end, however long their work takes.

    Parameters
    ----------
    work : callable
        Work; what it raises is raised here.
    name : str
        Name of the thread.

    Returns
    -------
    object
        What the work returns.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Result] = loop.create_future()

    def deliver(result: Callable[[], None]) -> None:
        # Nobody may wait any more, or there may be no loop.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if done.done() else result())

    def run() -> None:
        try:
            found = work()
        except Exception as error:
            reason = error
            deliver(lambda: done.set_exception(reason))
        else:
            deliver(lambda: done.set_result(found))

    threading.Thread(target=run, name=name, daemon=True).start()
    return await done
