"""``har stream``: a live stream of samples to activities, as soon as each window is complete."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Generator, Iterable
from dataclasses import asdict

from har.classifier import ActivityClassifier
from har.inference.live import LiveTimeline


def run_stream(
    options: Namespace, lines: Iterable[bytes], say: Callable[[str], None]
) -> Generator[str, None, None]:
    """Classify a live stream, window by window.

    Parameters
    ----------
    options : Namespace
        With ``run``, ``acc_unit``, ``gyro_unit``, ``device`` and ``abstain_below``.
    lines : iterable of bytes
        A sample each.
    say : callable
        Told when samples can come, what is doubtful, and in the end what came in.

    Yields
    ------
    str
        A JSON object for each window, as soon as it is complete.
    """
    classifier = ActivityClassifier.load(options.run, options.device)
    live = LiveTimeline(classifier, options.acc_unit, options.gyro_unit, options.abstain_below)
    say("har: ready for samples, a line each")
    try:
        for line in lines:
            yield from (json.dumps(asdict(p)) for p in live.push(line.decode(errors="replace")))
            if doubt := live.lines.doubt():
                say(f"har: {doubt}")
        yield from (json.dumps(asdict(p)) for p in live.finish())
    finally:
        say(live.in_words())
