"""A thread that reads the samples of all streams, and predicts the windows of all of them at once.

The event loop never waits for it: work goes in through a queue, and comes back as calls in the
loop. While one batch of windows is predicted the samples of the next one gather, so that the more
phones there are the more windows are predicted at a time, which takes far less than one by one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Protocol

import numpy as np

from har.errors import DataError, HarError, printable, reason_of
from har.inference.live import CutWindow, LivePrediction, predicted
from har.inference.live_streams import LiveStream
from har.reading.streams.json_forms import Message
from har.reading.streams.sample_lines import SampleLines
from har.serve.messages import LARGEST_VALUE, Note
from har.signals.streaming import LiveSamples

logger = logging.getLogger(__name__)

# Readings before windows are predicted, whatever else has gathered.
_MOST_AT_ONCE = 2000
# What comes meanwhile is handled together, which is far less work than one by one.
_GATHER_S = 0.01


@dataclass
class Outcome:
    """What came of a piece of work.

    Parameters
    ----------
    n_read : int
        Number of readings in the lines.
    samples : list of LiveSamples
        Samples at 50 Hz that became ready.
    answers : list of LivePrediction
        Predictions for the windows that they completed.
    notes : list of Note
        Assumptions and doubts.
    error : str or None
        Why the stream cannot go on.
    is_fault : bool
        True if the error is not the sender's.
    """

    n_read: int
    samples: list[LiveSamples] = field(default_factory=list)
    answers: list[LivePrediction] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    error: str | None = None
    is_fault: bool = False


class Receiver(Protocol):
    """A stream, to which the thread gives what came of its lines."""

    live: LiveStream

    def receive(self, outcome: Outcome) -> None:
        """Take what came of lines; called in the event loop."""


@dataclass(frozen=True)
class _Work:
    receiver: Receiver
    lines: Sequence[Message]
    n_samples: int
    change: Callable[[LiveStream], None] | None = None


# A window with its stream, and where its answer goes.
_Cut = tuple[Outcome, LiveStream, CutWindow]


class ObservedLines(SampleLines):
    """A reader of samples that also keeps them for viewers, until they are taken.

    Parameters
    ----------
    channels : tuple of str
        Names of the sensors' axes that are needed.
    acc_unit, gyro_unit, time_unit : str, optional
        Units, see `SampleLines`.
    """

    def __init__(
        self,
        channels: tuple[str, ...],
        acc_unit: str | None = None,
        gyro_unit: str | None = None,
        time_unit: str | None = None,
    ) -> None:
        super().__init__(channels, acc_unit, gyro_unit, time_unit)
        self._new: list[LiveSamples] = []

    def read(self, line: str | Message) -> list[LiveSamples]:
        """Read the next line, see `SampleLines.read`; refuse what no sensor gives."""
        new = super().read(line)
        largest = max((float(np.abs(each.samples).max(initial=0.0)) for each in new), default=0.0)
        if not largest <= LARGEST_VALUE:
            # A network's scores of it may be no numbers.
            raise DataError(
                f"samples: found {largest:.3g} in g or rad/s, expected at most {LARGEST_VALUE:g}"
            )
        self._new += new
        return new

    def take(self) -> list[LiveSamples]:
        """Return the samples since the last call."""
        new, self._new = self._new, []
        return new


class Predictor:
    """The thread, from `start` to `stop`."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[_Work | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="har-predictor", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to work; outcomes are given to the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """Let the thread end after what it does now."""
        self._queue.put(None)

    def push(self, receiver: Receiver, lines: Sequence[Message], n_samples: int) -> None:
        """Have lines with some readings read, and the windows that they complete predicted."""
        self._queue.put(_Work(receiver, lines, n_samples))

    def change(self, receiver: Receiver, change: Callable[[LiveStream], None]) -> None:
        """Change a stream after the lines that were pushed so far, in the thread that reads it."""
        self._queue.put(_Work(receiver, (), 0, change))

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            time.sleep(_GATHER_S)
            works, n_samples = [first], first.n_samples
            more: _Work | None = first
            while n_samples < _MOST_AT_ONCE and more is not None:
                try:
                    more = self._queue.get_nowait()
                except Empty:
                    break
                if more is not None:
                    works.append(more)
                    n_samples += more.n_samples
            self._deliver(works, self._outcomes(works))
            if more is None:
                return

    def _deliver(self, works: list[_Work], outcomes: list[Outcome]) -> None:
        if self._loop is None or self._loop.is_closed():
            return
        with suppress(RuntimeError):
            # The loop may have been closed just now.
            self._loop.call_soon_threadsafe(_receive, works, outcomes)

    def _outcomes(self, works: Iterable[_Work]) -> list[Outcome]:
        """Read all lines, then predict all windows."""
        outcomes: list[Outcome] = []
        cut: list[_Cut] = []
        for work in works:
            outcome = Outcome(work.n_samples)
            outcomes.append(outcome)
            live = work.receiver.live
            try:
                if work.change is not None:
                    work.change(live)
                for line in work.lines:
                    cut += [(outcome, live, window) for window in live.cut(line)]
                outcome.notes += _notes_of(live)
            except HarError as error:
                outcome.error = str(error)
            except Exception as error:
                _fail(outcome, error)
            if isinstance(live.lines, ObservedLines):
                outcome.samples = live.lines.take()
        for same in _by_network(cut):
            _predict(same)
        return outcomes


def _by_network(cut: Iterable[_Cut]) -> Iterable[list[_Cut]]:
    """Return the windows of each network, those of a stream in the order of time."""
    groups: dict[int, list[_Cut]] = {}
    for each in cut:
        groups.setdefault(id(each[1].timeline.predict), []).append(each)
    return groups.values()


def _predict(cut: list[_Cut]) -> None:
    """Predict windows of one network, all at once; if that fails, the streams that fail alone."""
    try:
        windows = [(live.timeline, window) for _, live, window in cut]
        made = predicted(windows, cut[0][1].timeline.predict)
        for (outcome, _, _), answer in zip(cut, made, strict=True):
            outcome.answers.append(answer)
    except Exception as error:
        if len(cut) == 1:
            _fail(cut[0][0], error)
            return
        for each in cut:
            if not each[0].is_fault:
                _predict([each])


def _receive(works: list[_Work], outcomes: list[Outcome]) -> None:
    for work, outcome in zip(works, outcomes, strict=True):
        work.receiver.receive(outcome)


def _notes_of(live: LiveStream) -> list[Note]:
    return [
        Note("doubt" if level >= logging.WARNING else "info", printable(text))
        for level, text in live.messages()
    ]


def _fail(outcome: Outcome, error: Exception) -> None:
    """End a stream because of what nobody expected; the server goes on."""
    logger.debug("a stream ends", exc_info=error)
    outcome.error = f"this is a fault of har: {type(error).__name__}: {reason_of(error)}"
    outcome.is_fault = True
    logger.error("a stream ends: %s; --verbose shows where", outcome.error)
