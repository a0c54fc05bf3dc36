"""A scored run, as the sections of its page read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from har.arrays import IntArray
from har.runs.folder import RunFolder
from har.runs.results import Results, check_same_windows
from har.signals.subjects import Subject
from har.signals.windows import Windows, number_stretches


@dataclass(frozen=True)
class ScoredRun:
    """Results of a run, and the windows that it was scored on.

    Parameters
    ----------
    results : Results
        Content of the run's files.
    windows : Windows or None
        Test windows in the order of the predictions; None: their signals are not at hand.
    """

    results: Results
    windows: Windows | None = None

    @classmethod
    def read(cls, run: RunFolder, test: Windows | None = None) -> ScoredRun:
        """Read a run's files.

        Parameters
        ----------
        run : RunFolder
            A run that was scored.
        test : Windows or None
            Windows it was scored on, in the order of the data set.

        Raises
        ------
        HarError
            If a file of the run is missing or damaged, or `test` holds other windows.
        """
        results = Results.read(run)
        if test is None:
            return cls(results)
        # What the run was taught later is an activity of it, too.
        test = results.manifest.model.window_format.with_all_activities(test)
        check_same_windows(results, test, run.predictions)
        return cls(results, test.where(results.predictions["index"].to_numpy()))

    @cached_property
    def stretches(self) -> IntArray | None:
        """Number of the stretch that each window was cut from, if the windows are at hand."""
        return None if self.windows is None else number_stretches(self.windows)

    @property
    def known_subjects(self) -> list[Subject]:
        """Test subjects whom the network was trained or validated on, the hardest first."""
        training = self.results.manifest.training
        known = {*training.train_subjects, *training.validation_subjects}
        return [subject for subject in self.hardest_first if subject in known]

    @property
    def hardest_first(self) -> dict[Subject, dict[str, float]]:
        """Accuracy and number of windows of each test subject, the lowest accuracy first."""
        rows = self.results.evaluation.per_subject
        return dict(sorted(rows.items(), key=lambda row: row[1]["accuracy"]))
