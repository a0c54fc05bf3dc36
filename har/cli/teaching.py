"""A run that learns from the phones that it is served to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from har.classifier import ActivityClassifier
from har.config import Sensors
from har.datasets.own.taught_recordings import LABEL_COLUMNS, read_taught
from har.errors import DataError, HarError
from har.inference.context import ContextKind
from har.report.wording import activity_label, percent
from har.runs.adaptation import AdaptationDescription
from har.serve.learning.taught_recording import TaughtRecording
from har.serve.live_model import LiveModel, Taught
from har.signals.windows import Windows

_UNITS = {"acc": "g", "gyro": "rad/s"}


class Teacher:
    """Adapts a run to people, each time from the run itself.

    Parameters
    ----------
    run : Path
        Folder of the run.
    device : str
        Processor to compute on.
    context : {"markov", "none"}
        Context of the state.
    model : LiveModel
        The run as it is served.
    """

    def __init__(self, run: Path, device: str, context: ContextKind, model: LiveModel) -> None:
        # A network of its own: the other one predicts meanwhile, in another thread.
        self._classifier = ActivityClassifier.load(run, device)
        self._context = context
        self._model = model

    def __call__(self, recording: TaughtRecording) -> Taught:
        """Return the run adapted to a person, and in words what was learned.

        Parameters
        ----------
        recording : TaughtRecording
            Labelled samples of the person.

        Returns
        -------
        Taught

        Raises
        ------
        HarError
            If there are too few windows, or a new activity cannot be taught.
        """
        adapted = self._classifier.adapt(self._windows_of(recording))
        window_format = adapted.window_format_
        shape = window_format.n_timesteps, len(window_format.channels)
        for n_windows in (1, 8):
            # The first prediction takes longer than all others.
            adapted.predict_proba(np.zeros((n_windows, *shape), np.float32))
        model = replace(
            self._model,
            predict=adapted.predict_proba,
            window_format=window_format,
            context=adapted.context_of(self._context),
        )
        return Taught(model, words_of(adapted.adaptation_))

    def _windows_of(self, recording: TaughtRecording) -> Windows:
        """Return the windows of a recording, read as a table that the page saves."""
        names = self._model.raw_channels
        headings = [f"{name} ({_UNITS[name.split('_')[0]]})" for name in names]
        table = pd.DataFrame(recording.samples, columns=["time_s", *headings])
        table[LABEL_COLUMNS[0]] = recording.labels
        sensors: Sensors = "all" if len(names) == 6 else "acc"
        with TemporaryDirectory() as folder:
            file = Path(folder) / "recording.csv"
            table.to_csv(file, index=False)
            try:
                return read_taught(file, recording.person, sensors, self._model.upright)
            except HarError as error:
                # Nobody knows that file.
                raise DataError(str(error).replace(f"{file}: ", "")) from error


def words_of(about: AdaptationDescription | None) -> str:
    """Return the windows of each activity, and accuracy on those held out, and what is left out."""
    if about is None:
        return ""
    rows = [
        f"{activity_label(row.activity)} {row.n_windows}{' (new)' if row.is_new else ''}"
        for row in about.activities
    ]
    words = f"Learned from these windows of {about.person}: {', '.join(rows)}."
    if about.accuracy_before is not None and about.accuracy_after is not None:
        words += (
            f" Of {about.n_scored} in the second half of each, {percent(about.accuracy_before)} "
            f"were right before, {percent(about.accuracy_after)} after the first half was learned."
        )
    return " ".join([words, *(f"Left out: {what}." for what in about.left_out)])
