"""A run that learns from the phones that it is served to."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from har.config import Sensors
from har.datasets.own.taught_recordings import LABEL_COLUMNS, read_taught
from har.errors import DataError, HarError
from har.evaluation.spread import Spread
from har.export.trained_model import TrainedModel
from har.inference.context import MarkovContext
from har.report.wording import activity_label, percent
from har.runs.adaptation import AdaptationDescription
from har.runs.adapted_network import adapt_network
from har.runs.folder import RunFolder
from har.serve.learning.taught_recording import TaughtRecording
from har.serve.live_model import LiveModel, Taught
from har.signals.windows import Windows
from har.training.adaptation import NetworkWeights

_UNITS = {"acc": "g", "gyro": "rad/s"}


class Teacher:
    """Adapts a run to people, each time from the run itself, in NumPy.

    Nothing is read before somebody teaches.

    Parameters
    ----------
    run : Path
        Folder of the run.
    model : LiveModel
        The run as it is served.
    """

    def __init__(self, run: Path, model: LiveModel) -> None:
        self._run = run
        self._model = model

    def __call__(self, recording: TaughtRecording) -> Taught:
        """Return the run adapted to a person, and in words what was learned.

        Parameters
        ----------
        recording : TaughtRecording
            Labelled samples of the person, turned as those of their phone are.

        Returns
        -------
        Taught

        Raises
        ------
        HarError
            If there are too few windows, or a new activity cannot be taught.
        """
        trained, spreads = self._trained
        known = trained.window_format
        network = NetworkWeights(trained.config, known.channels, trained.weights)
        made = adapt_network(network, spreads, known, self._windows_of(recording))
        window_format = replace(known, activities=made.taught.activities)
        about_model = replace(trained.manifest.model, window_format=window_format)
        # One phone's windows come one by one, for which this is faster than MXNet, too.
        adapted = TrainedModel(
            trained.source,
            made.network.config,
            dict(made.network.weights),
            replace(trained.manifest, model=about_model),
        )
        context = self._model.context
        if context is not None and len(window_format.activities) > len(known.activities):
            # Nothing is known of what comes before and after the new ones.
            context = MarkovContext.lasting(len(window_format.activities))
        model = replace(
            self._model,
            predict=adapted.predict_proba,
            window_format=window_format,
            context=context,
        )
        return Taught(model, words_of(made.about))

    @cached_property
    def _trained(self) -> tuple[TrainedModel, tuple[Spread, ...] | None]:
        return TrainedModel.read(self._run), RunFolder.open(self._run).read_spreads()

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
                return read_taught(file, recording.person, sensors)
            except HarError as error:
                raise DataError(_for_phones(str(error), file)) from error


def _for_phones(text: str, file: Path) -> str:
    """Return an error without a file that nobody knows and the options of a command line."""
    text = text.replace(f"{file}: ", "").replace(str(file), "recording")
    return re.sub("[:;] [^:;]*--[a-z].*", "", text)


def words_of(about: AdaptationDescription) -> str:
    """Return the windows of each activity, and accuracy on those held out, and what is left out."""
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
