"""``har adapt``: fit a trained run to one person, from a few labelled seconds of theirs."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from har.cli.options import new_in_runs
from har.config import Sensors, Upright
from har.datasets.own.taught_recordings import read_taught
from har.errors import UsageError
from har.report.pages.unfinished import write_unfinished_report
from har.report.wording import percent
from har.runs.adaptation import AdaptationDescription
from har.runs.folder import RunFolder
from har.runs.lock import held
from har.runs.manifest import Manifest
from har.runs.provenance import describe_session
from har.signals.wearing import windows_doubt

logger = logging.getLogger(__name__)


def run(
    *,
    run: Path,
    recordings: Path,
    out: Path | None = None,
    overwrite: bool = False,
    person: str | None = None,
    strength: float | None = None,
    upright: Upright | None = None,
    device: str = "auto",
    command: Sequence[str] = (),
) -> None:
    """Adapt a run to a person, and write the result as a run of its own.

    Parameters
    ----------
    run : Path
        Folder of the run.
    recordings : Path
        Folder with ``recordings.csv``, or a table with a column of labels.
    out : Path, optional
        Folder of the adapted run; by default a new one in ``runs/``.
    overwrite : bool
        Whether to replace an earlier run in that folder.
    person : str, optional
        Person to choose of several, or the name of the one in a table.
    strength : float, optional
        Pull to the run; by default the one that was chosen on other people.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}, optional
        Axis of the phone that points up while the person stands, unless the folder says so.
    device : str
        Processor to compute on: ``"auto"``, ``"cpu"`` or ``"gpu(0)"``.
    command : sequence of str
        Command line, to be kept in the manifest.
    """
    folder = RunFolder.open(run)
    manifest = folder.read_trained_manifest()
    path = out or new_in_runs("adapted")
    if path.resolve() == run.resolve():
        raise UsageError(f"--out: found {path}, the run itself, expected another folder")
    has_gyroscope = any("gyro" in channel for channel in manifest.model.window_format.channels)
    sensors: Sensors = "all" if has_gyroscope else "acc"
    with held(path):
        RunFolder.prepare(path, overwrite)
        from har.classifier import ActivityClassifier

        classifier = ActivityClassifier.load(run, device)
        windows = read_taught(recordings, person, sensors, upright, classifier.make_upright)
        if doubt := windows_doubt(windows, classifier.gravity_):
            logger.warning("%s: %s", recordings, doubt)
        started_s = time.monotonic()
        adapted = classifier.adapt(windows, strength)
        duration_s = time.monotonic() - started_s
        if (about := adapted.adaptation_) is None:
            raise UsageError(f"{run}: found no adaptation, expected one")
        about = replace(about, source=str(run), recordings=str(recordings))
        adapted.adaptation_ = about
        new = RunFolder.create(path, overwrite)
        session = describe_session(command)
        new.update_manifest(Manifest(recipe=manifest.recipe, data=manifest.data, session=session))
        adapted.save(path)
        new.mark_ended("finished", duration_s=round(duration_s, 2))
        for what in about.left_out:
            logger.warning("%s: left out", what)
        _show(about)
        _warn_of_loss(about)
        print(f"adapted run: {path}")
        print(f"report: {write_unfinished_report(new)}")


def _show(about: AdaptationDescription) -> None:
    """Print the windows of each activity, and accuracy on those held out in time."""
    width = max(len(row.activity) for row in about.activities)
    for row in about.activities:
        right = "none held out"
        if row.n_scored:
            before, after = row.n_right_before, row.n_right_after
            right = f"of {row.n_scored} held out {before} right before, {after} after"
        new = ", new" if row.is_new else ""
        print(f"{row.activity:{width}}  {row.n_windows:4} windows; {right}{new}")
    if about.accuracy_before is not None and about.accuracy_after is not None:
        print(
            f"second half of each, {about.n_scored} windows that do not overlap the first: "
            f"{percent(about.accuracy_before)} right before, {percent(about.accuracy_after)} "
            "adapted to the first half"
        )
    n_windows = sum(row.n_windows for row in about.activities)
    print(
        f"adapted to all {n_windows} windows of {about.person}, strength {about.strength:g} "
        f"({about.layer})"
    )


def _warn_of_loss(about: AdaptationDescription) -> None:
    """Warn of an adaptation to the first half after which less of the second half was right."""
    before, after = about.accuracy_before, about.accuracy_after
    if before is not None and after is not None and after < before:
        logger.warning(
            "after the first half less of the second is right: teach each way that the phone is "
            "worn, or longer, or give --strength above %g, which holds on to the run",
            about.strength,
        )
