"""``har stream``: a live stream of samples to activities, as soon as each window is complete."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from har.config import Upright
from har.inference.forward import LikestTurn
from har.inference.live import LivePrediction, LiveTimeline
from har.inference.live_wearing import LiveWearing
from har.inference.timeline import raw_channels_of
from har.reading.sample_lines import AccUnit, GyroUnit, SampleLines

logger = logging.getLogger(__name__)


def run(
    *,
    run: Path,
    acc_unit: AccUnit = "g",
    gyro_unit: GyroUnit = "rad/s",
    abstain_below: float = 0.0,
    device: str = "auto",
    upright: Upright | None = None,
) -> None:
    """Print the activity of each window of samples from standard input, as soon as it is over.

    Parameters
    ----------
    run : Path
        Folder of the run.
    acc_unit : {"g", "m/s2"}
        Unit of accelerations.
    gyro_unit : {"rad/s", "deg/s"}
        Unit of angular rates.
    abstain_below : float
        Probability that an activity must have; others are UNKNOWN.
    device : str
        Processor to compute on: ``"auto"``, ``"cpu"`` or ``"gpu(0)"``.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}, optional
        Axis of the phone that points up while the person stands; ``auto``: as the first lively
        seconds show.
    """
    # One window is too little work for two threads to share.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from har.classifier import ActivityClassifier

    classifier = ActivityClassifier.load(run, device)
    window_format = classifier.window_format_
    raw_channels = raw_channels_of(window_format)
    sample_lines = SampleLines(raw_channels, acc_unit, gyro_unit)
    choose = LikestTurn(classifier.predict_strangeness, window_format)
    wearing = LiveWearing(classifier.gravity_, raw_channels, upright, choose)
    live = LiveTimeline(classifier.predict_proba, window_format, abstain_below)
    # When closed it logs what came in, however it ends.
    with closing(_classified(sample_lines, wearing, live, sys.stdin.buffer)) as predictions:
        for prediction in predictions:
            print(prediction, flush=True)


def _classified(
    sample_lines: SampleLines, wearing: LiveWearing, live: LiveTimeline, lines: Iterable[bytes]
) -> Generator[str, None, None]:
    """Classify lines of samples: a JSON object for each window, as soon as it is complete."""
    logger.info("har: ready for samples, a line each")
    try:
        for line in lines:
            new = sample_lines.read(line.decode(errors="replace"))
            if new is not None:
                yield from _as_json(live.push(wearing.push(new)))
                for message in wearing.messages():
                    logger.warning("%s", message)
            if doubt := sample_lines.doubt():
                logger.warning("%s", doubt)
        yield from _as_json(live.finish())
    finally:
        wearing.finish()
        for message in wearing.messages():
            logger.warning("%s", message)
        unknown = f"; {live.in_words()}" if live.abstain_below else ""
        logger.info("%s%s", sample_lines.in_words(), unknown)


def _as_json(predictions: Iterable[LivePrediction]) -> Iterator[str]:
    return (json.dumps(asdict(prediction)) for prediction in predictions)
