"""``har predict``: the activities of recordings, or of windows."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from har import __version__
from har.cli.options import new_in_runs, way_to_go_on
from har.cli.terminal import show_files
from har.cli.trained import files_of, load_trained, window_format_of
from har.config import Upright
from har.datasets.file_trees import fingerprint
from har.datasets.own.recordings_table import read_segments
from har.errors import DataError, HarError, Interrupted, UsageError, reason_of
from har.evaluation.metrics import predictions_table
from har.files import check_file, write_frame, writing_to
from har.inference.batch import BatchFolder, BatchJob, BatchResult, timeline_names
from har.inference.context import ContextKind
from har.inference.notes import sort_notes
from har.inference.recording_classifier import RecordingClassifier
from har.model_selection.parallel import n_processes, run_jobs
from har.reading.recording_files import ReadingOptions, read_recording
from har.reading.recording_paths import find_recordings, holds_one_recording, is_pattern
from har.reading.recording_start import recording_start
from har.reading.window_files import read_windows
from har.report.pages.timeline import TimelineReport
from har.runs.lock import held
from har.signals.recording import Recording
from har.signals.wearing import wearing_doubts

logger = logging.getLogger(__name__)

_WINDOWS = {".npy", ".npz"}
_TABLES = {"", ".csv", ".txt", ".json", ".parquet", ".pq"}


@dataclass(frozen=True)
class _Request:
    """A run or an ONNX file, and the options for all recordings."""

    run: Path
    device: str
    abstain_below: float
    about_recording: ReadingOptions
    upright: Upright | None
    context: ContextKind

    def classify(self, file: Path, truth: Path | None = None) -> TimelineReport:
        """Read a recording and classify it."""
        expected = _format_of(self.run)
        needs_gyroscope = any("gyro" in channel for channel in expected.channels)
        # Before the model is loaded: a file that cannot be used need not wait for MXNet.
        recording = read_recording(file, **self.about_recording, needs_gyroscope=needs_gyroscope)
        segments = _read_truth(truth, recording, self.about_recording) if truth else None
        classifier = _loaded(self.run, self.device)
        if self.upright:
            recording = classifier.make_upright(recording, self.upright)
        timeline = classifier.predict_recording(recording, self.abstain_below, self.context)
        doubts = tuple(wearing_doubts(recording, classifier.gravity_))
        shown = (recording, timeline, expected.activities, str(self.run), segments)
        return TimelineReport(*shown, self.abstain_below, doubts, self.context)


def run(
    *,
    run: Path,
    files: Sequence[Path],
    out: Path | None = None,
    abstain_below: float = 0.0,
    device: str = "auto",
    jobs: int | None = None,
    cluster: str | None = None,
    plot: bool = False,
    truth: Path | None = None,
    columns: Mapping[str, str] | None = None,
    gyro: Path | None = None,
    rate_hz: float | None = None,
    time_unit: str | None = None,
    acc_unit: str | None = None,
    gyro_unit: str | None = None,
    upright: Upright | None = None,
    context: ContextKind | None = None,
    command: Sequence[str] = (),
) -> None:
    """Print or write the activities of a recording, of many recordings, or of windows.

    Parameters
    ----------
    run : Path
        Folder of the run, or an ONNX file that ``har export`` made of one.
    files : sequence of Path
        Recordings; folders with recordings, or patterns of `glob`. A recording is a table, or a
        folder or zip with a table for each sensor. A single file may also hold
        windows in g and rad/s, as ``.npy`` or ``.npz``, with which only `out`, `abstain_below` and
        `device` go.
    out : Path, optional
        Table to write of a single file, ``.csv``, ``.json`` or ``.parquet``; by default it is
        printed. Folder to make or to go on in for many; by default a new one in ``runs/``.
    abstain_below : float
        Probability that an activity must have; others are UNKNOWN.
    device : str
        Processor to compute on: ``"auto"``, ``"cpu"`` or ``"gpu(0)"``.
    jobs : int, optional
        Number of recordings at a time; by default as many as cores allow.
    cluster : str, optional
        Address of a Dask scheduler whose workers do the work, in place of `jobs` processes.
    plot : bool
        Whether to draw signals and activities, as PNG and HTML beside the tables.
    truth : Path, optional
        Table with segments of what really happened, for one recording.
    columns : mapping of str to str, optional
        Name or number of the column of each channel that its heading does not tell.
    gyro : Path, optional
        Table of the gyroscope, if it is not in the file of acceleration.
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
    context : {"markov", "none"}, optional
        Whether windows are judged with those around them, as by default, or each by itself.
    command : sequence of str
        Command line, to be named by an interruption.
    """
    about_recording: ReadingOptions = {
        "columns": columns,
        "gyro": gyro,
        "rate_hz": rate_hz,
        "time_unit": time_unit,
        "acc_unit": acc_unit,
        "gyro_unit": gyro_unit,
    }
    in_context = context or "markov"
    request = _Request(run, device, abstain_below, about_recording, upright, in_context)
    if _are_many(files):
        only_for_one = {"truth": truth, "gyro": gyro}
        _refuse_options(f"{files[0]}: found many files", only_for_one, "a single recording")
        folder = out or new_in_runs("predict")
        with held(folder):
            _predict_many(request, files, folder, plot, jobs, cluster, command)
        return
    (file,) = files
    _check_table(out)
    _refuse_options(f"{file}: found a single file", {"cluster": cluster}, "several recordings")
    pictures = out or Path(f"{file.stem}-timeline.csv") if plot else None
    for written in filter(None, (out, pictures)):
        check_file(written)
    if file.suffix.lower() in _WINDOWS:
        others = {"plot": plot, "truth": truth, "upright": upright, "context": context}
        only_for_recordings = {**others, **about_recording}
        _refuse_options(f"{file}: found windows", only_for_recordings, "a recording")
        table = _predict_windows(_loaded(run, device), file, out, abstain_below)
    else:
        report = request.classify(file, truth)
        for note in report.recording.notes:
            logger.info("note: %s", note)
        _write(report, out, pictures)
        table = report.timeline
    if out is None:
        print(table.to_csv(index=False, float_format="%.8g"), end="")


def _are_many(files: Sequence[Path]) -> bool:
    """Return whether a folder with a summary is asked for, rather than one table."""
    is_many = len(files) > 1 or is_pattern(files[0])
    return is_many or (files[0].is_dir() and not holds_one_recording(files[0]))


def _check_table(out: Path | None) -> None:
    if out and out.suffix.lower() not in _TABLES:
        raise UsageError(f"--out {out}: found {out.suffix}, expected .csv, .json or .parquet")


def _refuse_options(found: str, options: Mapping[str, Any], expected: str) -> None:
    """Refuse what does not go with the files."""
    for name, value in options.items():
        if value:
            option = name.replace("_", "-")
            raise UsageError(f"{found} and --{option}, expected {expected}")


# Once for all recordings of a process.
_loaded = lru_cache(maxsize=1)(load_trained)
_format_of = lru_cache(maxsize=1)(window_format_of)


def _predict_windows(
    classifier: RecordingClassifier, file: Path, out: Path | None, abstain_below: float
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


def _read_truth(table: Path, recording: Recording, about: ReadingOptions) -> pd.DataFrame:
    file = Path(recording.source)
    read_start = partial(
        recording_start, file, columns=about["columns"], time_unit=about["time_unit"]
    )
    segments = read_segments(table, file, recording.duration_s, read_start)
    return pd.DataFrame(map(vars, segments))[["start_s", "end_s", "activity"]]


def _write(report: TimelineReport, tables: Path | None, pictures: Path | None) -> None:
    """Write tables and pictures where they are asked for, and sum up."""
    written = report.write_tables(tables) if tables else []
    written += _draw(report, pictures) if pictures else []
    logger.info("%s", report.in_words())
    if written:
        logger.info("wrote %s", ", ".join(map(str, written)))


def _draw(report: TimelineReport, pictures: Path) -> list[Path]:
    """Write pictures, with matplotlib, which takes a second to load."""
    from har.report.pages.timeline_page import write_pictures

    return write_pictures(report, pictures)


def _predict_many(
    request: _Request,
    paths: Sequence[Path],
    out: Path,
    plot: bool,
    n_jobs: int | None,
    cluster: str | None,
    command: Sequence[str],
) -> None:
    """Classify recordings side by side, but for those that are done, and sum up all of them."""
    # What is wrong with the run is not to be found out for each recording anew.
    activities = window_format_of(request.run).activities
    files = find_recordings(paths)
    folder = BatchFolder.start(out)
    model = [fingerprint(file) for file in files_of(request.run) if file.exists()]
    options = (__version__, model, request, plot)
    names = timeline_names(files)
    jobs = [
        BatchJob(file, name, _digest(options, file))
        for file, name in zip(files, names, strict=True)
    ]
    results = {result.file: result for result in folder.finished(jobs)}
    if results:
        logger.info("%s: %d of %d recordings are done", folder.path, len(results), len(jobs))
    missing = [job for job in jobs if str(job.file) not in results]
    shared = (_in_any_folder(request), folder.path.resolve(), plot)
    at_a_time = n_processes(len(missing), n_jobs)
    # Workers of a cluster begin in other folders.
    pairs = ((job, Path(os.path.abspath(job.file))) for job in missing)
    new = run_jobs(_predict_file, pairs, at_a_time, shared=shared, cluster=cluster)
    try:
        for result in show_files(new, len(missing)):
            results[result.file] = result
            if result.error is None:
                folder.keep(result)
    except KeyboardInterrupt as stop:
        raise Interrupted(
            f"interrupted after {len(results)} of {len(jobs)} recordings, which {folder.path} "
            f"keeps; {way_to_go_on(command, folder.path)}",
            stop,
        ) from None
    finally:
        in_order = [results[str(file)] for file in files if str(file) in results]
        table = folder.write_summary(in_order, activities)
    n_failed = sum(result.error is not None for result in in_order)
    print(f"{len(jobs) - n_failed} of {len(jobs)} recordings are done\nsummary: {table}")
    if n_failed:
        raise DataError(
            f"{folder.path}: found {n_failed} of {len(jobs)} recordings that could not be used, "
            "expected all to be; the summary has the reasons"
        )


def _digest(options: object, file: Path) -> str:
    """Return a digest of all that a timeline follows from."""
    source = fingerprint(file) if file.exists() else None
    return hashlib.sha256(repr((options, source)).encode()).hexdigest()[:16]


def _in_any_folder(request: _Request) -> _Request:
    return replace(request, run=request.run.resolve())


def _predict_file(
    request: _Request, folder: Path, plot: bool, job: BatchJob, file: Path
) -> BatchResult:
    """Classify a recording in a worker, write its files and sum it up; note what is wrong."""
    if "mxnet" not in sys.modules:
        os.environ["OMP_NUM_THREADS"] = "1"
    kept = str(job.file), job.timeline, job.key
    try:
        if file.suffix.lower() in _WINDOWS:
            raise DataError(f"{file}: found windows, expected a recording; name windows alone")
        report = request.classify(file)
        tables = folder / job.timeline
        with writing_to(tables.parent):
            tables.parent.mkdir(parents=True, exist_ok=True)
        report.write_tables(tables)
        if plot:
            _draw(report, tables)
    except DataError as error:
        return BatchResult(*kept, error=str(error))
    except HarError:
        # A run, a folder or a processor: nothing that another recording would not meet.
        raise
    except Exception as error:
        logger.debug("%s", file, exc_info=True)
        words = f"{type(error).__name__}: {reason_of(error)}"
        return BatchResult(*kept, error=f"{file}: found something unforeseen ({words})")
    return BatchResult(
        *kept,
        duration_s=round(report.recording.duration_s, 3),
        n_windows=len(report.timeline),
        seconds={str(name): float(row["duration_s"]) for name, row in report.totals.iterrows()},
        share_unknown=report.n_unknown / len(report.timeline),
        doubts=(*sort_notes(report.recording.notes).doubted, *report.doubts),
    )
