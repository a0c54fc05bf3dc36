"""``har stream``: a live stream of samples to activities, as soon as each window is complete."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np

from har.config import Upright
from har.inference.forward import LikestTurn
from har.inference.live import LivePrediction, LiveTimeline
from har.inference.live_wearing import LiveWearing
from har.inference.timeline import raw_channels_of
from har.reading.streams.sample_lines import SampleLines

logger = logging.getLogger(__name__)


# Lines that cannot be read are told of when so much time is over, however few they are.
_FIRST_SECOND = 1.0


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
) -> None:
    """Print the activity of each window of samples from standard input, as soon as it is over.

    Parameters
    ----------
    run : Path
        Folder of the run.
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
        Probability that an activity must have; others are UNKNOWN.
    device : str
        Processor to compute on: ``"auto"``, ``"cpu"`` or ``"gpu(0)"``.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}, optional
        Axis of the phone that points up while the person stands; ``auto``: as the first lively
        seconds show.

    Raises
    ------
    DataError
        If no line could be read, a heading cannot be understood, a sensor is missing, or times
        are of no use.
    """
    # One window is too little work for two threads to share.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from har.classifier import ActivityClassifier

    classifier = ActivityClassifier.load(run, device)
    window_format = classifier.window_format_
    raw_channels = raw_channels_of(window_format)
    sample_lines = SampleLines(raw_channels, acc_unit, gyro_unit, time_unit, columns, ignore_time)
    choose = LikestTurn(classifier.predict_strangeness, window_format)
    wearing = LiveWearing(classifier.gravity_, raw_channels, upright, choose)
    live = LiveTimeline(classifier.predict_proba, window_format, abstain_below)
    # A network's first call takes longer than all others: not while somebody waits.
    shape = 1, window_format.n_timesteps, len(window_format.channels)
    classifier.predict_proba(np.zeros(shape, np.float32))
    # When closed it logs what came in, however it ends.
    with closing(_classified(sample_lines, wearing, live, sys.stdin.buffer)) as predictions:
        for prediction in predictions:
            print(prediction, flush=True)


def _classified(
    sample_lines: SampleLines, wearing: LiveWearing, live: LiveTimeline, lines: Iterable[bytes]
) -> Generator[str, None, None]:
    """Classify lines of samples: a JSON object for each window, as soon as it is complete."""
    logger.info("har: ready for samples, a line each")
    started_s: float | None = None
    try:
        for line in lines:
            started_s = time.monotonic() if started_s is None else started_s
            for new in sample_lines.read(line.decode(errors="replace")):
                yield from _as_json(live.push(wearing.push(new)))
            _say(sample_lines, wearing, time.monotonic() - started_s >= _FIRST_SECOND)
        for new in sample_lines.finish():
            yield from _as_json(live.push(wearing.push(new)))
        _say(sample_lines, wearing, has_waited=True)
        yield from _as_json(live.finish())
    finally:
        wearing.finish()
        _say_how_it_is_worn(wearing)
        unknown = f"; {live.in_words()}" if live.abstain_below else ""
        logger.info("%s%s", sample_lines.in_words(), unknown)


def _say(sample_lines: SampleLines, wearing: LiveWearing, has_waited: bool) -> None:
    """Log what was told and assumed of a stream, and what is doubted."""
    for note in sample_lines.notes():
        logger.info("%s", note)
    for doubt in (sample_lines.trouble(has_waited), sample_lines.doubt()):
        if doubt is not None:
            logger.warning("%s", doubt)
    _say_how_it_is_worn(wearing)


def _say_how_it_is_worn(wearing: LiveWearing) -> None:
    for message in wearing.messages():
        logger.warning("%s", message)


def _as_json(predictions: Iterable[LivePrediction]) -> Iterator[str]:
    return (json.dumps(asdict(prediction)) for prediction in predictions)
