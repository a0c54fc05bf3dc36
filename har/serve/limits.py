"""Bounds of what clients may send and hold, and the allowance of one of them."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Bounds of a server; beyond one, the client that exceeds it is cut off, and no other.

    Parameters
    ----------
    n_streams : int
        Number of phones at once.
    n_viewers : int
        Number of viewers at once, of all streams together.
    samples_per_s : float
        Readings that a phone may send a second in the long run: three sensors at 500 Hz.
    n_burst : int
        Samples that it may send beyond that at once, as after a lost connection.
    messages_per_s : float
        Messages a second of a connection, in the long run.
    message_bytes, body_bytes : int
        Largest message of a WebSocket, and body of an HTTP request.
    idle_s : float
        Time after which a phone without samples, and a request that is not complete, ends.
    n_pending : int
        Samples of a phone that wait to be read, before no more of it is taken in.
    n_unsent : int
        Messages that wait for a client that does not read.
    taught_bytes : int
        Largest recording that a model learns from: about 25 minutes.
    n_teaching : int
        Phones that teach at once, the one whose turn it is and those that wait.
    n_taught : int
        Adapted models that are kept.
    """

    n_streams: int = 100
    n_viewers: int = 100
    samples_per_s: float = 1500.0
    n_burst: int = 6000
    messages_per_s: float = 60.0
    message_bytes: int = 1 << 16
    body_bytes: int = 1 << 18
    idle_s: float = 60.0
    n_pending: int = 2000
    n_unsent: int = 256
    taught_bytes: int = 8 << 20
    n_teaching: int = 4
    n_taught: int = 20


class Allowance:
    """An amount that fills up as time goes by, and that a client uses up (a token bucket).

    Parameters
    ----------
    per_s : float
        Amount that is added a second.
    most : float
        Largest amount; there is so much at the start.
    """

    def __init__(self, per_s: float, most: float) -> None:
        self._per_s = per_s
        self._most = self._left = most
        self._seen_s = time.monotonic()

    def takes(self, amount: float) -> bool:
        """Use up an amount, and return whether there was so much."""
        now_s = time.monotonic()
        self._left = min(self._most, self._left + self._per_s * (now_s - self._seen_s))
        self._seen_s = now_s
        if amount > self._left:
            return False
        self._left -= amount
        return True
