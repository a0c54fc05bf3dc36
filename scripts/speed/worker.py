"""A process of its own for an object, where no threads but its own run."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

_LONGEST_END_S = 60.0


class Worker:
    """A fresh process that makes an object and calls its methods, and idles in between.

    Parameters
    ----------
    make : callable
        Function or class, at the top of a module, that makes the object in the new process.
    *arguments
        Arguments of `make`.
    environment : mapping of str to str
        Variables that are set in the process from its start: OpenMP and the C library read theirs
        when they are loaded.
    """

    def __init__(
        self, make: Callable[..., Any], *arguments: object, environment: Mapping[str, str]
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, inner = context.Pipe()
        # No daemon, which could start no processes; it ends when the connection does.
        self._process = context.Process(target=_serve, args=(inner, make, arguments))
        kept = dict(os.environ)
        os.environ.update(environment)
        try:
            self._process.start()
        finally:
            os.environ.clear()
            os.environ.update(kept)
        # If the process ends, reading ends, too.
        inner.close()
        self._answer()

    def call(self, method: str, *arguments: object) -> Any:
        """Call a method of the object, and return what it returns or raise what it raises."""
        self._connection.send((method, arguments))
        return self._answer()

    def _answer(self) -> Any:
        try:
            has_failed, answer = self._connection.recv()
        except EOFError:
            self._process.join(_LONGEST_END_S)
            code = self._process.exitcode
            raise RuntimeError(f"worker: found it ended with {code}, expected an answer") from None
        if has_failed:
            raise answer
        return answer

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()
        self._process.terminate()
        self._process.join()


def _serve(connection: Connection, make: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Make the object, then answer calls until nobody asks any more."""
    try:
        made = make(*arguments)
        connection.send((False, None))
        while True:
            method, given = connection.recv()
            connection.send((False, getattr(made, method)(*given)))
    except EOFError:
        return
    except Exception as error:  # It is for the caller to judge.
        connection.send((True, error))
