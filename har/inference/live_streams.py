"""Many live streams in one process: each for itself, but for predictions, which they share.

Each stream has filters, windows, a state and doubts of its own, and says what it would say alone. A
stream that cannot be read ends alone. Windows that became complete at about the same time are
predicted together, which takes far less time than one after the other.
"""

from __future__ import annotations

import logging
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from har.errors import DataError, quoted
from har.inference.live import CutWindow, LivePrediction, LiveTimeline, predicted
from har.inference.live_wearing import LiveWearing
from har.signals.activities import UNKNOWN
from har.signals.streaming import LiveSamples
from har.signals.windows import Predict

Identity = str | int

# A stream takes about 0.1 MB; whoever names a column that is no id must not fill the memory.
MOST_STREAMS = 10_000
# Lines that cannot be read are told of when so much time is over, however few they are.
_FIRST_SECOND = 1.0
# What differs between equal messages of two streams: numbers, quoted names, and examples.
_PARTICULARS = re.compile(r"'[^']*'|\"[^\"]*\"|\([^)]*\)?|-?\d[\d.]*(?:e[+-]?\d+)?")
_LONGEST_KIND = 60
# Names without quotes may differ in each.
_MOST_KINDS = 1000
_COUNTS = ("n_malformed", "n_filled", "n_dropped", "n_gaps")


class Lines(Protocol):
    """Source of a stream's samples, such as `har.reading.streams.sample_lines.SampleLines`."""

    first_malformed: str | None
    n_samples: int

    def read(self, line: Any) -> list[LiveSamples]:
        """Return the samples that are ready after the next line."""

    def finish(self) -> list[LiveSamples]:
        """Return the last samples; a `DataError` if there was none at all."""

    def notes(self) -> list[str]:
        """Return what was told and assumed since the last call."""

    def trouble(self, has_waited: bool = False) -> str | None:
        """Return, once, why the first lines gave no sample."""

    def doubt(self) -> str | None:
        """Return a doubt that was not returned before."""

    def in_words(self) -> str:
        """Return the counts in one line."""


@dataclass
class LiveStream:
    """One stream: from its lines to windows.

    Parameters
    ----------
    lines : Lines
        Source of its samples.
    wearing : LiveWearing
        Turn and doubts of how its phone is worn.
    timeline : LiveTimeline
        Filters, windows and state.
    """

    lines: Lines
    wearing: LiveWearing
    timeline: LiveTimeline
    heading: str | None = None
    _started_s: float | None = None

    def cut(self, line: Any) -> list[CutWindow]:
        """Return the windows that the next line completes."""
        return self._cut(self.lines.read(line))

    def cut_last(self) -> list[CutWindow]:
        """Return the windows that the end completes; a `DataError` if there was no sample."""
        return self._cut(self.lines.finish()) + self.timeline.cut_last()

    def _cut(self, ready: list[LiveSamples]) -> list[CutWindow]:
        return [window for new in ready for window in self.timeline.cut(self.wearing.push(new))]

    def messages(self, has_waited: bool | None = None) -> Iterator[tuple[int, str]]:
        """Yield the level and text of what was assumed and is doubted since the last call.

        Parameters
        ----------
        has_waited : bool, optional
            Whether few lines without a sample are enough for a doubt; by default, whether the
            first call was a second ago.
        """
        if has_waited is None:
            now_s = time.monotonic()
            self._started_s = now_s if self._started_s is None else self._started_s
            has_waited = now_s - self._started_s >= _FIRST_SECOND
        for note in self.lines.notes():
            yield logging.INFO, note
        for doubt in (self.lines.trouble(has_waited), self.lines.doubt()):
            if doubt is not None:
                yield logging.WARNING, doubt
        for message in self.wearing.messages():
            yield logging.WARNING, message


class LiveStreams:
    """Classify the samples of many streams.

    Parameters
    ----------
    begin : callable
        Function that returns a new `LiveStream`.
    predict : callable
        Function from windows to probabilities, as for `LiveTimeline`.
    most : int
        Number of streams that are kept; beyond it, the one that has been silent for longest ends
        when another begins.

    Attributes
    ----------
    n_streams, n_failed : int
        Numbers of all streams, and of those that ended with an error.
    n_with_samples : int
        Number of streams that ended and had samples.
    first_error : str or None
        The first error, with the stream's id.
    """

    def __init__(
        self, begin: Callable[[], LiveStream], predict: Predict, most: int = MOST_STREAMS
    ) -> None:
        self.n_streams = self.n_failed = self.n_with_samples = 0
        self.first_error: str | None = None
        self._begin = begin
        self._predict = predict
        self._most = most
        # The one that has been silent for longest is the first.
        self._streams: OrderedDict[Identity, LiveStream] = OrderedDict()
        self._failed: OrderedDict[Identity, None] = OrderedDict()
        self._active: dict[Identity, LiveStream] = {}
        self._cut: list[tuple[Identity, LiveStream, CutWindow]] = []
        self._counts: Counter[str] = Counter()
        self._first_malformed: str | None = None
        self._messages = _SharedMessages()

    def read(self, identity: Identity, line: Any, heading: str | None = None) -> None:
        """Read a line of one stream.

        Parameters
        ----------
        identity : str or int
            Id of the stream; a new one begins a stream.
        line : str or dict
            Text of the line, or its object of JSON.
        heading : str, optional
            Heading of the line, which the stream reads before if it did not yet.
        """
        if identity in self._failed:
            self._counts["n_ignored"] += 1
            return
        stream = self._streams.get(identity)
        if stream is None:
            stream = self._begin_stream(identity)
        else:
            self._streams.move_to_end(identity)
        self._active[identity] = stream
        try:
            if isinstance(line, str) and heading is not None and stream.heading is not heading:
                stream.heading = heading
                stream.lines.read(heading)
            self._cut += [(identity, stream, window) for window in stream.cut(line)]
        except DataError as error:
            self._fail(identity, error)
            self._end(identity, is_over=False)

    def predictions(self) -> list[tuple[Identity, LivePrediction]]:
        """Return the predictions for all windows that are complete by now, with their streams."""
        cut, self._cut = self._cut, []
        made = predicted([(stream.timeline, window) for _, stream, window in cut], self._predict)
        return [(identity, answer) for (identity, _, _), answer in zip(cut, made, strict=True)]

    def messages(self) -> list[tuple[int, str]]:
        """Return the levels and texts of what streams have to say since the last call.

        What many of them say is returned for the first, and again for ten, a hundred, and so on.
        """
        active, self._active = self._active, {}
        for identity, stream in active.items():
            for level, text in stream.messages():
                self._messages.add(identity, level, text)
        return self._messages.take()

    def finish(self) -> None:
        """End all streams, with the windows that their last samples complete."""
        while self._streams:
            self._end(next(iter(self._streams)))

    def close(self) -> None:
        """End all streams as they are, as after an interruption; see `finish`."""
        while self._streams:
            self._end(next(iter(self._streams)), is_over=False)

    def _begin_stream(self, identity: Identity) -> LiveStream:
        if len(self._streams) >= self._most:
            text = (
                f"found more than {self._most} ids: from here on the stream that has been silent "
                "for longest ends when another begins; is it the right column or key?"
            )
            self._messages.add_once(logging.WARNING, text)
            self._end(next(iter(self._streams)))
        self.n_streams += 1
        stream = self._streams[identity] = self._begin()
        return stream

    def _end(self, identity: Identity, is_over: bool = True) -> None:
        """End a stream, with the window that its last sample completes if it is over."""
        stream = self._streams.pop(identity)
        self._active.pop(identity, None)
        try:
            if is_over:
                self._cut += [(identity, stream, window) for window in stream.cut_last()]
        except DataError as error:
            self._fail(identity, error)
        stream.wearing.finish()
        for level, text in stream.messages(has_waited=True):
            self._messages.add(identity, level, text)
        self.n_with_samples += stream.lines.n_samples > 0
        self._count(identity, stream)

    def _fail(self, identity: Identity, error: DataError) -> None:
        self.n_failed += 1
        self.first_error = self.first_error or f"id {quoted(identity)}: {error}"
        self._messages.add(identity, logging.WARNING, f"{error}; its other lines are left out")
        self._failed[identity] = None
        if len(self._failed) > self._most:
            self._failed.popitem(last=False)

    def _count(self, identity: Identity, stream: LiveStream) -> None:
        for name in _COUNTS:
            self._counts[name] += getattr(stream.lines, name)
        self._counts["n_windows"] += stream.timeline.n_windows
        self._counts["n_unknown"] += stream.timeline.n_unknown
        if self._first_malformed is None and stream.lines.first_malformed:
            self._first_malformed = f"id {quoted(identity)}, {stream.lines.first_malformed}"

    def in_words(self) -> str:
        """Return the counts of all streams in one line, once they are over."""
        counts = self._counts
        example = f" ({self._first_malformed})" if self._first_malformed else ""
        ignored = f" ({counts['n_ignored']} lines after it)" if counts["n_ignored"] else ""
        n_unknown = counts["n_unknown"]
        unknown = f"; {UNKNOWN} {n_unknown} of {counts['n_windows']} windows" if n_unknown else ""
        return (
            f"streams: {self.n_streams}, ended by an error: {self.n_failed}{ignored}, "
            f"malformed: {counts['n_malformed']}{example}, filled in: {counts['n_filled']}, "
            f"dropped: {counts['n_dropped']}, gaps: {counts['n_gaps']}{unknown}"
        )


class _SharedMessages:
    """Messages of streams, of which many say the same but for names and numbers."""

    def __init__(self) -> None:
        self._n_of_kind: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._new: list[tuple[int, str]] = []

    def add(self, identity: Identity, level: int, text: str) -> None:
        """Add a stream's message: the first of its kind, the tenth, the hundredth is said."""
        kind = _PARTICULARS.sub("", text)[:_LONGEST_KIND]
        if kind not in self._n_of_kind and len(self._n_of_kind) >= _MOST_KINDS:
            kind = "others"
        self._n_of_kind[kind] += 1
        n_same = self._n_of_kind[kind]
        if n_same == 1:
            self._first[kind] = f"id {quoted(identity)}: {text}"
            self._new.append((level, self._first[kind]))
        elif str(n_same).strip("0") == "1":
            self._new.append((level, f"{n_same} streams say the like of {self._first[kind]}"))

    def add_once(self, level: int, text: str) -> None:
        """Add a message that is of no single stream, unless it was added before."""
        if text not in self._first:
            self._first[text] = text
            self._new.append((level, text))

    def take(self) -> list[tuple[int, str]]:
        """Return what is to be said since the last call."""
        new, self._new = self._new, []
        return new
