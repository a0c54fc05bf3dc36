"""``har stream``: a live stream of samples to activities, as soon as each window is complete."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from har.reading.sample_lines import AccUnit, GyroUnit

if TYPE_CHECKING:
    from har.inference.live import LiveTimeline

logger = logging.getLogger(__name__)


def run(
    *,
    run: Path,
    acc_unit: AccUnit = "g",
    gyro_unit: GyroUnit = "rad/s",
    abstain_below: float = 0.0,
    device: str = "auto",
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
    """
    # One window is too little work for two threads to share.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from har.classifier import ActivityClassifier
    from har.inference.live import LiveTimeline

    classifier = ActivityClassifier.load(run, device)
    live = LiveTimeline(classifier, acc_unit, gyro_unit, abstain_below)
    # Closed, it tells what came in, however it ends.
    with closing(_classified(live, sys.stdin.buffer)) as predictions:
        for prediction in predictions:
            print(prediction, flush=True)


def _classified(live: LiveTimeline, lines: Iterable[bytes]) -> Generator[str, None, None]:
    """Classify lines of samples: a JSON object for each window, as soon as it is complete."""
    logger.info("har: ready for samples, a line each")
    try:
        for line in lines:
            yield from (json.dumps(asdict(p)) for p in live.push(line.decode(errors="replace")))
            if doubt := live.lines.doubt():
                logger.warning("%s", doubt)
        yield from (json.dumps(asdict(p)) for p in live.finish())
    finally:
        logger.info("%s", live.in_words())
