"""One page about a run: what was trained on what, how well it does, where it errs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from har.arrays import IntArray
from har.evaluation.metrics import Evaluation
from har.files import whole_folder, write_text, writing_to
from har.report.drawing import save_png, save_svg
from har.report.facts import command_lines, environment_rows, network_in_words, settings_rows
from har.report.pages.run_markdown import report_markdown
from har.report.sections.calibration import calibration_pictures, calibration_view
from har.report.sections.confusion import confusion_figure, confusion_rows
from har.report.sections.explanation import explanation_pictures, explanation_view
from har.report.sections.heatmap import heatmap_pictures, heatmap_view
from har.report.sections.labels import labels_view
from har.report.sections.learning import learning_drawings, learning_figure
from har.report.sections.mistakes import mistakes_pictures, mistakes_view
from har.report.sections.model_card import model_card
from har.report.sections.robustness import robustness_pictures, robustness_view
from har.report.sections.scores import class_bars, subject_bars
from har.report.sections.wrong_windows import windows_view
from har.report.templating import page_environment
from har.runs.folder import RunFolder
from har.runs.results import Results, check_same_windows
from har.signals.windows import Windows, number_stretches


def write_report(run: RunFolder, test: Windows | None = None) -> Path:
    """Write a run's page, figures and summary, from the files in the run's folder.

    Parameters
    ----------
    run : RunFolder
        A run that was scored.
    test : Windows or None
        The windows it was scored on, to draw some of them; None: they are listed only.

    Returns
    -------
    Path
        ``report.html``: one file that needs no other.

    Raises
    ------
    HarError
        If a file of the run is missing or damaged, `test` holds other windows than those that
        were scored, or the folder cannot be written.
    """
    results = Results.read(run)
    pictures, stretches = _pictures(results), None
    if test is not None:
        check_same_windows(results, test, run.predictions)
        windows = test.where(results.predictions["index"].to_numpy())
        stretches = number_stretches(windows)
        pictures |= mistakes_pictures(results, windows, stretches)
    wrong = windows_view(results.predictions["index"].to_numpy(), results.evaluation, test)
    page = _render(results, wrong, pictures, stretches)
    with writing_to(run.path):
        with whole_folder(run.figures) as folder:
            for name, picture in pictures.items():
                save_png(picture, folder / f"{name}.png")
                save_svg(picture, folder / f"{name}.svg")
        write_text(run.report, page)
        write_text(run.summary, report_markdown(results))
    return run.report


def _pictures(results: Results) -> dict[str, Figure]:
    """Draw every figure that needs no signals."""
    evaluation = results.evaluation
    table = pd.DataFrame.from_dict(evaluation.per_class, orient="index")
    subjects = _subjects_hardest_first(evaluation)
    figures = {
        "learning_curves": learning_figure(results.metrics, results.manifest.training.best_epoch),
        "confusion_matrix": confusion_figure(evaluation.confusion_matrix, evaluation.activities),
        "per_class": class_bars(
            {"Precision": table["precision"], "Recall": table["recall"], "F1": table["f1"]},
            evaluation.activities,
        ),
        "per_subject": subject_bars(
            list(map(str, subjects)),
            [row["accuracy"] for row in subjects.values()],
            evaluation.accuracy,
        ),
        **heatmap_pictures(evaluation),
        **calibration_pictures(evaluation),
    }
    if results.robustness:
        figures |= robustness_pictures(results.robustness)
    if results.explanation:
        figures |= explanation_pictures(results.explanation)
    return figures


def _subjects_hardest_first(evaluation: Evaluation) -> dict[int, dict[str, float]]:
    return dict(sorted(evaluation.per_subject.items(), key=lambda row: row[1]["accuracy"]))


def _render(
    results: Results,
    wrong: dict[str, Any] | None,
    pictures: Mapping[str, Figure],
    stretches: IntArray | None,
) -> str:
    links = wrong["links"] if wrong else {}
    environment = page_environment(results.evaluation.activities)
    page = environment.get_template("report.html")
    return page.render(
        manifest=results.manifest,
        training=results.config.training,
        data_set=results.config.data.set,
        facts=_facts(results),
        curves=learning_drawings(results.metrics, results.manifest.training.best_epoch),
        confusion=confusion_rows(
            results.evaluation.confusion_matrix, results.evaluation.activities, links
        ),
        evaluation=results.evaluation,
        heatmap=heatmap_view(results.evaluation),
        calibration=calibration_view(results.evaluation, pictures),
        robustness=results.robustness and robustness_view(results.robustness, pictures),
        explanation=results.explanation
        and explanation_view(results.explanation, pictures, results.config.model.n_members),
        windows=wrong,
        mistakes=mistakes_view(results, pictures, stretches),
        labels=labels_view(results, stretches),
        card=model_card(results),
        settings=settings_rows(results.config),
        command=command_lines(results.manifest.session, results.manifest.training.n_threads),
    )


def _facts(results: Results) -> dict[str, Any]:
    """Collect what the page says in words."""
    manifest = results.manifest
    window_format, training = manifest.model.window_format, manifest.training
    tested = _subjects_hardest_first(results.evaluation)
    known = {*training.train_subjects, *training.validation_subjects}
    return {
        "network": network_in_words(results.config),
        "window_s": window_format.n_timesteps / window_format.rate_hz,
        "n_train_subjects": len(training.train_subjects),
        "validation_subjects": training.validation_subjects,
        "subjects": list(tested.items()),
        "n_test_subjects": len(tested),
        "known_subjects": [subject for subject in tested if subject in known],
        "n_epochs": len(results.metrics),
        "n_members": results.config.model.n_members,
        "environment": environment_rows(
            manifest.session,
            Device=training.device,
            Threads=training.n_threads,
            Seed=training.seed,
        ),
    }
