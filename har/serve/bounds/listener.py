"""A listening socket that takes so many connections, and of one address only a part of them.

They count from their first packet on: those that say nothing, or have not begun TLS, too.
"""

from __future__ import annotations

import resource
import socket
from typing import Any

# Files of the program itself, and of runs that are read meanwhile.
_OTHER_FILES = 200
_FEWEST = 32


class BoundedListener(socket.socket):
    """A socket whose connections are bounded; one too many is closed at once.

    Parameters
    ----------
    family, kind, protocol : int
        As for any socket.
    n_most : int
        Number of connections at once; fewer where the system allows no more open files.
    n_of_address : int
        Number of those of one address.
    """

    def __init__(
        self, family: int, kind: int, protocol: int, n_most: int, n_of_address: int
    ) -> None:
        super().__init__(family, kind, protocol)
        n_files = _files_for(n_most + _OTHER_FILES)
        self._n_most = min(n_most, max(_FEWEST, n_files - _OTHER_FILES))
        self._n_of_address = min(n_of_address, max(_FEWEST, self._n_most // 2))
        self._taken: list[tuple[str, socket.socket]] = []

    def accept(self) -> tuple[socket.socket, Any]:
        """Take the next connection that fits; a `BlockingIOError` if there is none."""
        while True:
            connection, address = super().accept()
            host = str(address[0])
            # What has ended has no descriptor any more.
            self._taken = [each for each in self._taken if each[1].fileno() >= 0]
            n_of_address = sum(of == host for of, _ in self._taken)
            if len(self._taken) < self._n_most and n_of_address < self._n_of_address:
                self._taken.append((host, connection))
                return connection, address
            connection.close()


def _files_for(n_wanted: int) -> int:
    """Return how many files may be open, after asking for so many."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY or allowed >= n_wanted:
        return n_wanted
    asked = n_wanted if most == resource.RLIM_INFINITY else min(n_wanted, most)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (asked, most))
    except (OSError, ValueError):
        # As where a sandbox forbids it.
        return allowed
    return asked
