"""Live streams, one for each phone: their names, what waits to be sent, and who looks on."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from har.errors import DataError, printable, shortened
from har.inference.live import LivePrediction
from har.inference.live_streams import LiveStream
from har.reading.streams.json_forms import Message
from har.serve.limits import Allowance, Limits
from har.serve.messages import (
    AGAINST_THE_RULES,
    FAULT,
    IDLE,
    TRY_LATER,
    Note,
    answer_text,
    note_text,
    samples_text,
)
from har.serve.predictor import Outcome, Predictor

_LONGEST_NAME = 40
# What a viewer who comes later is told: two minutes of answers, and what was said before.
_N_ANSWERS, _N_NOTES = 100, 20


@dataclass(frozen=True)
class Ending:
    """Why a connection ends.

    Parameters
    ----------
    code : int
        Code of WebSockets.
    reason : str
        One line.
    """

    code: int
    reason: str


class Outbox:
    """Messages that wait for a client, as many as are allowed, and then the end.

    Parameters
    ----------
    n_most : int
        Number of messages; the client of one more does not read, and is cut off.
    """

    def __init__(self, n_most: int) -> None:
        self._n_most = n_most
        self._queue: deque[str] = deque()
        self._has_news = asyncio.Event()
        self._ending: Ending | None = None

    def put(self, text: str) -> None:
        """Add a message."""
        if len(self._queue) >= self._n_most:
            self.end(Ending(TRY_LATER, f"found {self._n_most} messages unread, expected a reader"))
        if self._ending is None:
            self._queue.append(text)
            self._has_news.set()

    def end(self, ending: Ending) -> None:
        """End, after what waits; the first reason counts."""
        self._ending = self._ending or ending
        self._has_news.set()

    async def next(self) -> str | Ending:
        """Return the next message, as soon as there is one, or the end."""
        while not self._queue:
            if self._ending is not None:
                return self._ending
            self._has_news.clear()
            await self._has_news.wait()
        return self._queue.popleft()


class ServedStream:
    """A phone's stream.

    Parameters
    ----------
    name : str
        Name among the streams.
    source : str
        Source of its samples in a word: the page, or an app.
    live : LiveStream
        From samples to windows.
    predictor : Predictor
        Thread that reads samples.
    limits : Limits
        Bounds.

    Attributes
    ----------
    key : str or None
        Key by which the phone may teach; None if it has none.
    outbox : Outbox or None
        Messages to the phone; None if it is an app that expects none.
    viewers : set of Outbox
        Messages to those who look on.
    answers : deque of LivePrediction
        Newest answers.
    notes : deque of Note
        Newest notes.
    ending : Ending or None
        Why it ended.
    """

    def __init__(
        self, name: str, source: str, live: LiveStream, predictor: Predictor, limits: Limits
    ) -> None:
        self.name, self.source, self.live = name, source, live
        self.key: str | None = None
        self.outbox: Outbox | None = None
        self.viewers: set[Outbox] = set()
        self.answers: deque[LivePrediction] = deque(maxlen=_N_ANSWERS)
        self.notes: deque[Note] = deque(maxlen=_N_NOTES)
        self.ending: Ending | None = None
        self._limits = limits
        self._predictor = predictor
        self._samples_left = Allowance(limits.samples_per_s, limits.n_burst)
        self._n_pending = 0
        self._has_caught_up = asyncio.Event()
        self._has_caught_up.set()
        self._seen_s = time.monotonic()

    @property
    def silent_s(self) -> float:
        """Time since the last samples."""
        return time.monotonic() - self._seen_s

    def push(self, lines: list[Message], n_samples: int) -> None:
        """Have lines read.

        Parameters
        ----------
        lines : list of dict
            Objects of JSON, as `har.reading.streams.sample_lines` takes them.
        n_samples : int
            Number of readings in them.

        Raises
        ------
        DataError
            If more comes than is allowed.
        """
        if not self._samples_left.takes(n_samples):
            raise DataError(
                f"samples: found more than {self._limits.samples_per_s:g} a second, expected the "
                "rate of a phone's sensors"
            )
        if not lines:
            return
        self._seen_s = time.monotonic()
        self._n_pending += n_samples
        if self._n_pending > self._limits.n_pending:
            self._has_caught_up.clear()
        self._predictor.push(self, lines, n_samples)

    def change(self, change: Callable[[LiveStream], None]) -> None:
        """Change how samples become answers, from those on that are pushed later."""
        self._predictor.change(self, change)

    async def caught_up(self) -> None:
        """Wait until few enough samples wait."""
        await self._has_caught_up.wait()

    def receive(self, outcome: Outcome) -> None:
        """Take what came of lines, and pass it on; see `Receiver`."""
        self._n_pending -= outcome.n_read
        if self._n_pending <= self._limits.n_pending:
            self._has_caught_up.set()
        if self.ending is not None:
            return
        for note in outcome.notes:
            self.notes.append(note)
            self._send(note_text(note))
        if self.viewers:
            for new in outcome.samples:
                self._send_to_viewers(samples_text(new.first_slot, new.samples))
        for answer in outcome.answers:
            self.answers.append(answer)
            self._send(answer_text(answer))
        if outcome.error is not None:
            self.end(Ending(FAULT if outcome.is_fault else AGAINST_THE_RULES, outcome.error))

    def look_on(self, viewer: Outbox) -> None:
        """Send a viewer what there is, and then all that comes."""
        for note in self.notes:
            viewer.put(note_text(note))
        for answer in self.answers:
            viewer.put(answer_text(answer))
        self.viewers.add(viewer)

    def end(self, ending: Ending) -> None:
        """End, for the phone and all who look on."""
        self.ending = self.ending or ending
        for box in [*self.viewers, *([self.outbox] if self.outbox else [])]:
            box.end(self.ending)

    def _send(self, text: str) -> None:
        if self.outbox is not None:
            self.outbox.put(text)
        self._send_to_viewers(text)

    def _send_to_viewers(self, text: str) -> None:
        for viewer in self.viewers:
            viewer.put(text)


class Streams:
    """All streams by their names.

    Parameters
    ----------
    predictor : Predictor
        Thread that reads their samples.
    limits : Limits
        Bounds.
    """

    def __init__(self, predictor: Predictor, limits: Limits) -> None:
        self._predictor = predictor
        self._limits = limits
        self._streams: dict[str, ServedStream] = {}

    def __iter__(self) -> Iterator[ServedStream]:
        """Iterate over the streams, the oldest first."""
        return iter(list(self._streams.values()))

    def __len__(self) -> int:
        """Count the streams."""
        return len(self._streams)

    def get(self, name: str) -> ServedStream | None:
        """Return the stream of a name, if there is one."""
        return self._streams.get(name)

    def of_key(self, key: str) -> list[ServedStream]:
        """Return the streams of a phone: two while it comes back before the first has ended."""
        return [each for each in self if each.key == key and each.ending is None]

    def begin(self, wish: str, source: str, live: LiveStream) -> ServedStream:
        """Begin a stream.

        Parameters
        ----------
        wish : str
            Name that it shall have; a number follows if another has it.
        source : str
            Source of its samples.
        live : LiveStream
            From samples to windows.

        Returns
        -------
        ServedStream

        Raises
        ------
        DataError
            If there are as many as are allowed.
        """
        if len(self) >= self._limits.n_streams:
            raise DataError(
                f"streams: found {len(self)}, expected at most {self._limits.n_streams} at once"
            )
        name = self._free_name(shortened(printable(wish.strip()), _LONGEST_NAME) or source)
        stream = ServedStream(name, source, live, self._predictor, self._limits)
        self._streams[name] = stream
        return stream

    def end(self, stream: ServedStream, ending: Ending) -> None:
        """End a stream and forget it."""
        stream.end(ending)
        if self._streams.get(stream.name) is stream:
            del self._streams[stream.name]

    def end_silent(self) -> None:
        """End the streams without samples for as long as is allowed."""
        idle_s = self._limits.idle_s
        for stream in self:
            if stream.silent_s > idle_s:
                self.end(stream, Ending(IDLE, f"found no sample for {idle_s:g} s, expected some"))

    def _free_name(self, wish: str) -> str:
        if wish not in self._streams:
            return wish
        return next(
            name
            for number in range(2, len(self) + 3)
            if (name := f"{wish} {number}") not in self._streams
        )
