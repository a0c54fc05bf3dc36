"""A trained model as the server sees it: it predicts windows, and begins streams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from har.config import Upright
from har.inference.context import MarkovContext
from har.inference.live import LiveTimeline
from har.inference.live_streams import Lines, LiveStream
from har.inference.live_wearing import LiveWearing
from har.inference.timeline import raw_channels_of
from har.serve.learning.taught_recording import TaughtRecording
from har.serve.predictor import ObservedLines
from har.signals.orientation import Direction
from har.signals.wearing import ChooseTurn, shortest_of
from har.signals.windows import Predict, WindowFormat


@dataclass(frozen=True)
class LiveModel:
    """What a server needs of a trained model.

    Parameters
    ----------
    name : str
        Name of the run.
    window_format : WindowFormat
        Format of the windows that `predict` takes.
    predict : callable
        Function from windows to probabilities. One thread calls it.
    gravity : tuple of float or None
        Direction of gravity in training.
    context : MarkovContext, optional
        Context of the state.
    delay : int
        Number of later windows that the state waits for.
    abstain_below : float
        Probability below which activity and state are UNKNOWN.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}, optional
        Axis of the phones that points up.
    choose : callable
        Choice among the turns of ``auto``.
    teach : callable, optional
        Function that adapts the model to a person, from labelled samples of theirs; a `HarError`
        says why it cannot. A thread of its own calls it, once at a time.
    """

    name: str
    window_format: WindowFormat
    predict: Predict
    gravity: Direction | None = None
    context: MarkovContext | None = None
    delay: int = 0
    abstain_below: float = 0.0
    upright: Upright | None = None
    choose: ChooseTurn = shortest_of
    teach: Callable[[TaughtRecording], Taught] | None = None

    @property
    def raw_channels(self) -> tuple[str, ...]:
        """Names of the sensors' axes that it needs."""
        return raw_channels_of(self.window_format)

    def begin(self, lines: Lines) -> LiveStream:
        """Return a new stream of samples that come from these lines."""
        wearing = LiveWearing(self.gravity, self.raw_channels, self.upright, self.choose)
        timeline = LiveTimeline(
            self.predict, self.window_format, self.abstain_below, self.context, self.delay
        )
        return LiveStream(lines, wearing, timeline)

    def take_over(self, live: LiveStream) -> None:
        """Judge the windows of a stream from here on; see `LiveTimeline.change_network`."""
        live.timeline.change_network(self.predict, self.window_format, self.context)

    def lines_of_page(self) -> ObservedLines:
        """Return a reader of what our page sends: `har.serve.messages.NamedSample`."""
        return ObservedLines(self.raw_channels, "g", "rad/s", "s")

    def lines_of_app(self) -> ObservedLines:
        """Return a reader of what an app sends, in the units that it names or that are told."""
        return ObservedLines(self.raw_channels)


@dataclass(frozen=True)
class Taught:
    """What came of teaching.

    Parameters
    ----------
    model : LiveModel
        Model that is adapted to the person, on the same windows.
    words : str
        Account of what was learned, in a sentence or two.
    """

    model: LiveModel
    words: str
