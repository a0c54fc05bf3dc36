"""``har stream``: live samples to activities, of one stream or many, as windows are complete."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from har.cli.trained import load_trained
from har.config import Upright
from har.errors import DataError, UsageError, printable
from har.inference.context import ContextKind
from har.inference.forward import LikestTurn
from har.inference.live import LivePrediction, LiveTimeline
from har.inference.live_streams import Identity, LiveStream, LiveStreams
from har.inference.live_wearing import LiveWearing
from har.inference.timeline import raw_channels_of
from har.reading.streams.byte_lines import available_lines, read_lines
from har.reading.streams.identified_lines import IdentifiedLines
from har.reading.streams.sample_lines import SampleLines

logger = logging.getLogger(__name__)

_FIRST_LINES = 50


def run(
    *,
    run: Path,
    columns: Mapping[str, str] | None = None,
    acc_unit: str | None = None,
    gyro_unit: str | None = None,
    time_unit: str | None = None,
    ignore_time: bool = False,
    abstain_below: float = 0.0,
    device: str = "auto",
    upright: Upright | None = None,
    id_name: str | None = None,
    context: ContextKind = "markov",
    delay: int = 0,
) -> None:
    """Print the activity of each window of samples from standard input, as soon as it is over.

    Windows that still wait for their state when the stream ends, or before a gap, are given none:
    with a delay, the last one or two of each stretch have an activity only.

    Parameters
    ----------
    run : Path
        Folder of the run, or an ONNX file that ``har export`` made of one.
    columns : mapping of str to str, optional
        Names of columns or keys that are not recognised: ``{"acc_x": "my column"}``.
    acc_unit : {"g", "m/s2", "mg"}, optional
        Unit of accelerations; by default that of the names, else told from the first second.
    gyro_unit : {"rad/s", "deg/s", "mdps"}, optional
        Unit of angular rates, likewise.
    time_unit : {"s", "ms", "us", "ns"}, optional
        Unit of time stamps, likewise.
    ignore_time : bool
        True to take each line as one of 50 samples a second, whatever its time.
    abstain_below : float
        Probability that an activity or state must have; others are UNKNOWN.
    device : str
        Processor to compute on: ``"auto"``, ``"cpu"`` or ``"gpu(0)"``.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}, optional
        Axis of the phone that points up while the person stands; ``auto``: as the first lively
        seconds show.
    id_name : str, optional
        Name of the column or key whose value says which of many streams a line is of.
    context : {"markov", "none"}
        Whether the state is judged with the windows before, or is the activity of the window.
    delay : int
        Number of later windows that the state waits for: it is then of an earlier window.

    Raises
    ------
    UsageError
        If a state that is judged without a context shall wait for later windows.
    DataError
        If no line could be read, a heading cannot be understood, a sensor is missing, or times
        are of no use.
    """
    if delay and context == "none":
        raise UsageError(
            f"--context none: found --delay {delay}, expected none: no window is judged with others"
        )
    classifier = load_trained(run, device)
    window_format = classifier.window_format_
    raw_channels = raw_channels_of(window_format)
    choose = LikestTurn(classifier.predict_strangeness, window_format)
    predict = classifier.predict_proba
    chain = classifier.context_of(context)
    # A network's first call takes longer than all others: not while somebody waits.
    predict(np.zeros((1, window_format.n_timesteps, len(window_format.channels)), np.float32))

    def begin() -> LiveStream:
        return LiveStream(
            SampleLines(raw_channels, acc_unit, gyro_unit, time_unit, columns, ignore_time),
            LiveWearing(classifier.gravity_, raw_channels, upright, choose),
            LiveTimeline(predict, window_format, abstain_below, chain, delay),
        )

    # NumPy's own threads, too, would wait for each other for longer than they compute.
    with threadpool_limits(1, "blas"):
        # The first one checks the options, for many streams, too.
        stream = begin()
        answers = (
            _classified(stream, read_lines(sys.stdin.buffer))
            if id_name is None
            else _classified_by_id(
                LiveStreams(begin, predict), IdentifiedLines(id_name), sys.stdin.fileno()
            )
        )
        # When closed it logs what came in, however it ends.
        with closing(answers):
            for answer in answers:
                print(answer, flush=True)


def _classified(stream: LiveStream, lines: Iterable[bytes]) -> Generator[str, None, None]:
    """Classify lines of samples: a JSON object for each window, as soon as it is complete."""
    logger.info("har: ready for samples, a line each")
    live = stream.timeline
    try:
        for line in lines:
            for new in stream.lines.read(line.decode(errors="replace")):
                yield from _as_json(live.push(stream.wearing.push(new)))
            _log(stream.messages())
        for new in stream.lines.finish():
            yield from _as_json(live.push(stream.wearing.push(new)))
        _log(stream.messages(has_waited=True))
        yield from _as_json(live.finish())
    finally:
        stream.wearing.finish()
        for message in stream.wearing.messages():
            logger.warning("%s", printable(message))
        unknown = f"; {live.in_words()}" if live.abstain_below else ""
        logger.info("%s%s", printable(stream.lines.in_words()), unknown)


def _classified_by_id(
    streams: LiveStreams, identified: IdentifiedLines, source: int
) -> Generator[str, None, None]:
    """Classify lines of many streams: those that have come by now, and then their windows."""
    logger.info("har: ready for samples, a line each with its %s", identified.name)
    is_trouble_said = False
    try:
        for lines in available_lines(source):
            for line in lines:
                for identity, part in identified.split(line.decode(errors="replace")):
                    streams.read(identity, part, identified.heading)
            yield from _with_ids(streams.predictions())
            if not (streams.n_streams or is_trouble_said) and identified.n_lines >= _FIRST_LINES:
                is_trouble_said = True
                logger.warning("%s", printable(identified.trouble()))
            _log(streams.messages())
        streams.finish()
        yield from _with_ids(streams.predictions())
        _log(streams.messages())
        if not streams.n_streams:
            raise DataError(identified.trouble())
        if streams.first_error and not streams.n_with_samples:
            raise DataError(streams.first_error)
    finally:
        streams.close()
        _log(streams.messages())
        logger.info("%s; %s", printable(identified.in_words()), printable(streams.in_words()))


def _log(messages: Iterable[tuple[int, str]]) -> None:
    for level, text in messages:
        logger.log(level, "%s", printable(text))


def _as_json(predictions: Iterable[LivePrediction]) -> Iterator[str]:
    return (json.dumps(asdict(prediction)) for prediction in predictions)


def _with_ids(predictions: Sequence[tuple[Identity, LivePrediction]]) -> Iterator[str]:
    """Yield the JSON of all predictions at once, if there are any."""
    if predictions:
        yield "\n".join(json.dumps({"id": of, **asdict(answer)}) for of, answer in predictions)
