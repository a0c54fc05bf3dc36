"""``har stream``: a live stream of samples to activities, as soon as each window is complete."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import asdict

from har.classifier import ActivityClassifier
from har.inference.live import LivePrediction, LiveTimeline
from har.inference.timeline import raw_channels_of
from har.reading.sample_lines import SampleLines


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
    window_format = classifier.window_format_
    raw_channels = raw_channels_of(window_format)
    sample_lines = SampleLines(raw_channels, options.acc_unit, options.gyro_unit)
    live = LiveTimeline(classifier.predict_proba, window_format, options.abstain_below)
    say("har: ready for samples, a line each")
    try:
        for line in lines:
            new = sample_lines.read(line.decode(errors="replace"))
            if new is not None:
                yield from _as_json(live.push(new))
            if doubt := sample_lines.doubt():
                say(f"har: {doubt}")
        yield from _as_json(live.finish())
    finally:
        unknown = f"; {live.in_words()}" if options.abstain_below else ""
        say(f"{sample_lines.in_words()}{unknown}")


def _as_json(predictions: Iterable[LivePrediction]) -> Iterator[str]:
    return (json.dumps(asdict(prediction)) for prediction in predictions)
