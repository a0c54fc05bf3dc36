"""``har predict``: the activities of a recording, or of windows."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from har.config import Upright
from har.datasets.own.recordings_table import read_segments
from har.errors import UsageError
from har.evaluation.metrics import predictions_table
from har.files import write_frame, writing_to
from har.inference.forward import LikestTurn
from har.reading.recording_files import read_recording
from har.reading.recording_start import recording_start
from har.reading.window_files import read_windows
from har.report.pages.timeline import TimelineReport
from har.signals.recording import Recording
from har.signals.wearing import made_upright, wearing_doubts

if TYPE_CHECKING:
    from har.classifier import ActivityClassifier

logger = logging.getLogger(__name__)


def run(
    *,
    run: Path,
    file: Path,
    out: Path | None = None,
    abstain_below: float = 0.0,
    device: str = "auto",
    plot: bool = False,
    truth: Path | None = None,
    columns: Mapping[str, str] | None = None,
    gyro: Path | None = None,
    rate_hz: float | None = None,
    time_unit: str | None = None,
    acc_unit: str | None = None,
    gyro_unit: str | None = None,
    upright: Upright | None = None,
) -> None:
    """Print or write the activities of a recording, or of windows.

    Parameters
    ----------
    run : Path
        Folder of the run.
    file : Path
        Recording as ``.csv`` or ``.parquet``, or as a folder or zip with a table for each sensor;
        or windows in g and rad/s as ``.npy`` or ``.npz``, with which only `out`, `abstain_below`
        and `device` go.
    out : Path, optional
        Table to write, ``.csv`` or ``.parquet``; by default it is printed.
    abstain_below : float
        Probability that an activity must have; others are UNKNOWN.
    device : str
        Processor to compute on: ``"auto"``, ``"cpu"`` or ``"gpu(0)"``.
    plot : bool
        Whether to draw signals and activities, as PNG and HTML beside `out`.
    truth : Path, optional
        Table with segments of what really happened.
    columns : mapping of str to str, optional
        Name or number of the column of each channel that its heading does not tell.
    gyro : Path, optional
        Table of the gyroscope, if it is not in `file`.
    rate_hz : float, optional
        Samples per second, in place of time stamps.
    time_unit : {"s", "ms", "us", "ns"}, optional
        Unit of time stamps; by default it is found out, as are those of the signals.
    acc_unit : {"g", "m/s2", "mg"}, optional
        Unit of accelerations.
    gyro_unit : {"rad/s", "deg/s", "mdps"}, optional
        Unit of angular rates.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}, optional
        Axis of the phone that points up while the person stands; ``auto``: as seconds of lively
        movement show.
    """
    units = {"time_unit": time_unit, "acc_unit": acc_unit, "gyro_unit": gyro_unit}
    about_recording = {"columns": columns, "gyro": gyro, "rate_hz": rate_hz, **units}
    holds_windows = file.suffix.lower() in {".npy", ".npz"}
    if holds_windows:
        _refuse_options(file, {"plot": plot, "truth": truth, "upright": upright, **about_recording})
    from har.classifier import ActivityClassifier

    classifier = ActivityClassifier.load(run, device)
    if holds_windows:
        table = _predict_windows(classifier, file, out, abstain_below)
    else:
        recording = _read(file, classifier, about_recording, upright)
        timeline = classifier.predict_recording(recording, abstain_below)
        segments = _read_truth(truth, recording, about_recording) if truth else None
        activities = classifier.window_format_.activities
        doubts = tuple(wearing_doubts(recording, classifier.gravity_))
        report = TimelineReport(
            recording, timeline, activities, str(run), segments, abstain_below, doubts
        )
        _write(report, out, out or Path(f"{file.stem}-timeline.csv") if plot else None)
        table = timeline
    if out is None:
        print(table.to_csv(index=False, float_format="%.8g"), end="")


def _refuse_options(file: Path, options: Mapping[str, Any]) -> None:
    """Refuse what is only for recordings."""
    for name, value in options.items():
        if value:
            option = name.replace("_", "-")
            raise UsageError(f"{file}: found windows and --{option}, expected a recording")


def _predict_windows(
    classifier: ActivityClassifier, file: Path, out: Path | None, abstain_below: float
) -> pd.DataFrame:
    """Classify windows of a file, write the table and sum it up."""
    probabilities = classifier.predict_proba(read_windows(file, classifier.window_format_.channels))
    table = predictions_table(probabilities, classifier.window_format_.activities, abstain_below)
    if out:
        with writing_to(out, "file"):
            write_frame(table, out)
    shares = table["predicted"].value_counts(normalize=True)
    in_words = ", ".join(f"{activity} {share:.1%}" for activity, share in shares.items())
    logger.info("%d windows: %s", len(table), in_words)
    return table


def _read(
    file: Path,
    classifier: ActivityClassifier,
    about: Mapping[str, Any],
    upright: Upright | None,
) -> Recording:
    """Read a recording, and show every assumption."""
    needs_gyroscope = any("gyro" in channel for channel in classifier.window_format_.channels)
    recording = read_recording(file, **about, needs_gyroscope=needs_gyroscope)
    if upright:
        choose = LikestTurn(classifier.predict_strangeness, classifier.window_format_)
        recording = made_upright(recording, upright, classifier.gravity_, choose)
    for note in recording.notes:
        logger.info("note: %s", note)
    return recording


def _read_truth(table: Path, recording: Recording, about: Mapping[str, Any]) -> pd.DataFrame:
    file = Path(recording.source)
    read_start = partial(
        recording_start, file, columns=about["columns"], time_unit=about["time_unit"]
    )
    segments = read_segments(table, file, recording.duration_s, read_start)
    return pd.DataFrame(map(vars, segments))[["start_s", "end_s", "activity"]]


def _write(report: TimelineReport, tables: Path | None, pictures: Path | None) -> None:
    """Write tables and pictures where they are asked for, and sum up."""
    written = report.write_tables(tables) if tables else []
    written += report.write_pictures(pictures) if pictures else []
    logger.info("%s", report.in_words())
    if written:
        logger.info("wrote %s", ", ".join(map(str, written)))
