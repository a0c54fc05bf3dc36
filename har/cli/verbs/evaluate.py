"""``har evaluate``: score a trained run on the test subjects again."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from har.cli.options import at_root
from har.cli.terminal import evaluation_in_words, recordings_in_words
from har.datasets.dataset import DataSet
from har.datasets.loading import open_data
from har.datasets.whole_recordings import whole_recordings
from har.evaluation.metrics import Evaluation
from har.evaluation.notable_windows import surest_mistakes
from har.evaluation.robustness import measure_robustness
from har.report.pages.run import write_report
from har.runs.folder import RunFolder
from har.runs.lock import held
from har.runs.results import Results

if TYPE_CHECKING:
    from har.classifier import ActivityClassifier

logger = logging.getLogger(__name__)


def run(
    *,
    run: Path,
    data_root: str | None = None,
    device: str = "auto",
    robustness: bool = False,
    explain: bool = False,
    recordings: bool = False,
) -> None:
    """Score a trained run on the test subjects again.

    Parameters
    ----------
    run : Path
        Folder of the run.
    data_root : str, optional
        Folder or zip with the data set; by default that of the training.
    device : str
        Processor to compute on: ``"auto"``, ``"cpu"`` or ``"gpu(0)"``.
    robustness : bool
        Whether to score disturbed test windows, too.
    explain : bool
        Whether to find out what the network looks at, too.
    recordings : bool
        Whether to score timelines of the test people's whole recordings, too.
    """
    folder = RunFolder.open(run)
    with held(folder.path):
        from har.classifier import ActivityClassifier

        classifier = ActivityClassifier.load(run, device)
        config = at_root(classifier.config.data, data_root)
        data = _with_taught(open_data(config), classifier)
        if robustness:
            measured = measure_robustness(
                data.test, classifier.predict_proba, classifier.predict_strangeness
            )
            folder.write_json(folder.robustness, measured.to_dict())
        if recordings:
            people = data.test.subject_names
            labelled = whole_recordings(config, data.test.activities, people)
            timelines = classifier.evaluate_recordings(labelled)
            folder.write_json(folder.recordings, timelines.to_dict())
            print(recordings_in_words(timelines))
        evaluation = score(classifier, data, folder)
        if explain:
            _explain(classifier, data, folder)
        show_result(evaluation, data, folder)


def _with_taught(data: DataSet, classifier: ActivityClassifier) -> DataSet:
    """Return a data set that also names activities that the classifier was taught later.

    It has no windows of them: what is found of them there is wrong.
    """
    complete = classifier.window_format_.with_all_activities
    return replace(data, train=complete(data.train), test=complete(data.test))


def score(classifier: ActivityClassifier, data: DataSet, folder: RunFolder) -> Evaluation:
    """Evaluate a classifier on the test windows, and keep all figures in its run's folder."""
    evaluation = classifier.evaluate(data.test)
    folder.write_json(folder.evaluation, evaluation.to_dict())
    folder.write_predictions(evaluation.to_frame())
    return evaluation


def show_result(evaluation: Evaluation, data: DataSet, folder: RunFolder) -> None:
    """Write the report, and print the figures and where it is."""
    print(evaluation_in_words(evaluation))
    print(f"report: {write_report(folder, data.test)}")


def _explain(classifier: ActivityClassifier, data: DataSet, folder: RunFolder) -> None:
    """Find out what the network looks at, also in the mistakes that the report shows."""
    from har.explanation.explain import N_MISTAKES, explain

    # What is there already may be damaged, or of other windows.
    folder.explanation.unlink(missing_ok=True)
    results = Results.read(folder)
    index = results.predictions["index"].to_numpy()
    surest = surest_mistakes(results.evaluation, index, N_MISTAKES)
    mistakes = [answer.index for answer in surest]
    explanation = explain(
        classifier.trained_network(),
        classifier.config.model,
        classifier.devices,
        classifier.predict_proba,
        data.test,
        mistakes,
    )
    folder.write_json(folder.explanation, explanation.to_dict())
