"""What ``har predict`` and ``har stream`` do with recordings, windows and lines."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from har.classifier import ActivityClassifier
from har.datasets.recordings_table import read_segments
from har.errors import RunError, UsageError
from har.evaluation.metrics import predictions_table
from har.files import write_frame
from har.reading.recording_files import read_recording
from har.reading.window_files import read_windows
from har.report.pages.timeline import TimelineReport
from har.signals.recording import Recording

_FOR_RECORDINGS = ("plot", "truth", "columns", "rate_hz", "time_unit", "acc_unit", "gyro_unit")


def predict_windows(options: Namespace, say: Callable[[str], None]) -> pd.DataFrame:
    """Classify windows of a file.

    Parameters
    ----------
    options : Namespace
        With ``run``, ``file``, ``out``, ``device`` and ``abstain_below``.
    say : callable
        Told the shares of the activities.

    Returns
    -------
    DataFrame
        A row per window, written to ``out`` if that is given.
    """
    for name in _FOR_RECORDINGS:
        if getattr(options, name):
            option = name.replace("_", "-")
            raise UsageError(f"{options.file}: found windows and --{option}, expected a recording")
    classifier = ActivityClassifier.load(options.run, options.device)
    signals = read_windows(options.file, classifier.window_format_.channels)
    probabilities = classifier.predict_proba(signals)
    activities = classifier.window_format_.activities
    table = predictions_table(probabilities, activities, options.abstain_below)
    if options.out:
        try:
            write_frame(table, options.out)
        except OSError as error:
            raise RunError(
                f"{options.out}: found {error.strerror}, expected a file to write to"
            ) from error
    shares = table["predicted"].value_counts(normalize=True)
    told = ", ".join(f"{activity} {share:.1%}" for activity, share in shares.items())
    say(f"{len(table)} windows: {told}")
    return table


def predict_recording(options: Namespace, say: Callable[[str], None]) -> pd.DataFrame:
    """Find out what the person of a recording did from when to when.

    Parameters
    ----------
    options : Namespace
        With ``run``, ``file``, ``out``, ``device``, ``abstain_below``, ``plot``, ``truth``, and
        what is known of the recording.
    say : callable
        Told every assumption, a summary and which files were written.

    Returns
    -------
    DataFrame
        The timeline, written to ``out`` with all that belongs to it if that is given.
    """
    classifier = ActivityClassifier.load(options.run, options.device)
    needs_gyroscope = any("gyro" in channel for channel in classifier.window_format_.channels)
    recording = _read(options, needs_gyroscope)
    for note in recording.notes:
        say(f"note: {note}")
    truth = _read_truth(options) if options.truth else None
    timeline = classifier.predict_recording(recording, options.abstain_below)
    report = TimelineReport(
        recording,
        timeline,
        classifier.window_format_.activities,
        str(options.run),
        truth,
        options.abstain_below,
    )
    written = report.write_tables(options.out) if options.out else []
    if options.plot:
        written += report.write_pictures(options.out or Path(f"{options.file.stem}-timeline.csv"))
    say(report.in_words())
    if written:
        say(f"wrote {', '.join(map(str, written))}")
    return timeline


def _read(options: Namespace, needs_gyroscope: bool) -> Recording:
    return read_recording(
        options.file,
        columns=options.columns,
        rate_hz=options.rate_hz,
        time_unit=options.time_unit,
        acc_unit=options.acc_unit,
        gyro_unit=options.gyro_unit,
        needs_gyroscope=needs_gyroscope,
    )


def _read_truth(options: Namespace) -> pd.DataFrame:
    segments = read_segments(options.truth, options.file)
    return pd.DataFrame(map(vars, segments))[["start_s", "end_s", "activity"]]
