"""Phones that teach: labelled recordings in, and a model for that phone alone."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import threading
from collections import OrderedDict

from har.errors import HarError
from har.serve.bounds.daemon_threads import in_daemon_thread
from har.serve.learning.taught_recording import recording_in
from har.serve.limits import Limits
from har.serve.live_model import LiveModel, Taught
from har.serve.streams import Streams
from har.signals.orientation import Turn

# 128 random bits, as the page draws them: who knows a phone's key speaks for it.
_KEY = re.compile("[0-9a-f]{32}")
# On one core the answers of other phones would wait for what takes a second.
_NICENESS = 5


def _let_others_go_first() -> None:
    """Give other threads precedence over this one, where it can have a priority of its own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


class NotNowError(HarError):
    """Somebody else's turn, or no phone that could learn."""


class Teaching:
    """What phones have taught, each by its key.

    Parameters
    ----------
    model : LiveModel
        Model that everybody else has.
    streams : Streams
        All streams.
    limits : Limits
        Bounds.
    """

    def __init__(self, model: LiveModel, streams: Streams, limits: Limits) -> None:
        self._model = model
        self._streams = streams
        self._limits = limits
        # The one that was asked for longest ago is the first.
        self._models: OrderedDict[str, LiveModel] = OrderedDict()
        # With how the phone's samples are turned.
        self._busy: dict[str, Turn | None] = {}
        # One at a time: it takes a core, which the answers need, too.
        self._turn = asyncio.Lock()

    def model_of(self, key: str | None) -> LiveModel:
        """Return the model of a phone: its own, if it taught one, whenever it comes back."""
        if key is None or key not in self._models:
            return self._model
        self._models.move_to_end(key)
        return self._models[key]

    def begin(self, key: str | None) -> str:
        """Take a phone's turn, before its recording is read; `end` gives it back.

        Parameters
        ----------
        key : str or None
            Key of the phone.

        Returns
        -------
        str
            The same key.

        Raises
        ------
        NotNowError
            If nothing can be taught, no such phone sends now, it teaches already, too many do, or
            it is not known yet how it is worn.
        """
        if self._model.teach is None:
            raise NotNowError("teach: found a model that cannot learn, expected a run's folder")
        streams = self._streams.of_key(key) if key is not None else []
        if key is None or not streams:
            raise NotNowError(
                "phone: found none with this key that sends now, expected it to be started, and to "
                "teach while it runs"
            )
        if key in self._busy:
            raise NotNowError("teach: found this phone teaching already, expected its end first")
        if len(self._busy) >= self._limits.n_teaching:
            raise NotNowError(
                f"teach: found {len(self._busy)} phones teaching, expected fewer: try again soon"
            )
        wearing = streams[-1].live.wearing
        if wearing.awaits_turn:
            raise NotNowError(
                "teach: found no direction of the phone yet, expected some more seconds of walking "
                "before: --upright auto finds it by them"
            )
        self._busy[key] = wearing.turn
        return key

    def end(self, key: str) -> None:
        """Give a phone's turn back."""
        self._busy.pop(key, None)

    async def take(self, key: str, body: bytes) -> Taught:
        """Adapt the model to a recording, and have the phone's stream judged by it.

        Parameters
        ----------
        key : str
            Key of the phone, whose turn it is.
        body : bytes
            Message of its page.

        Returns
        -------
        Taught

        Raises
        ------
        HarError
            If the message is malformed, or nothing can be learned from it.
        """
        turn = self._busy[key]
        async with self._turn:
            taught = await in_daemon_thread(lambda: self._taught(body, turn), "har-teaching")
        self._models[key] = taught.model
        self._models.move_to_end(key)
        while len(self._models) > self._limits.n_taught:
            self._models.popitem(last=False)
        for stream in self._streams.of_key(key):
            stream.change(taught.model.take_over)
        return taught

    def _taught(self, body: bytes, turn: Turn | None) -> Taught:
        _let_others_go_first()
        channels = self._model.raw_channels
        recording = recording_in(body, len(channels))
        if turn is not None:
            # As the phone's windows are, which the model will judge.
            recording = recording.turned(turn, channels)
        if self._model.teach is None:
            raise NotNowError("teach: found a model that cannot learn, expected a run's folder")
        return self._model.teach(recording)


def key_in(text: str | None) -> str | None:
    """Return the key of a phone in an address, if it is one."""
    return text if text is not None and _KEY.fullmatch(text) else None
