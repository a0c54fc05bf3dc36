"""Page of a cross-validation: means, standard deviations, folds, subjects and confusions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from har.datasets.catalogue import PUBLISHED
from har.files import write_text
from har.model_selection.cross_validation_folder import CrossValidationFolder
from har.report.facts import about_data, command_lines, environment_rows, settings_rows
from har.report.recording_figures import WAYS, figure_rows
from har.report.sections.confusion import confusion_rows
from har.report.templating import page_environment


def write_crossval_report(folder: CrossValidationFolder) -> Path:
    """Write the page of a cross-validation, from the files in its folder.

    Parameters
    ----------
    folder : CrossValidationFolder
        Folder with a summary.

    Returns
    -------
    Path
        ``cv.html``, which needs no other file.

    Raises
    ------
    HarError
        If a file is missing or damaged.
    """
    summary, manifest = folder.read_summary(), folder.read_manifest()
    config = folder.read_config()
    activities = tuple(summary.activities)
    threads = ", ".join(map(str, summary.cost.n_threads))
    page = page_environment(activities).get_template("crossval.html")
    text = page.render(
        summary=summary,
        manifest=manifest,
        is_published=config.data.set in PUBLISHED,
        subjects=[(row.subject, row) for row in summary.per_subject],
        about_data=about_data(config.data.set, manifest.data.name, manifest.data.notes),
        confusion=confusion_rows(np.array(summary.confusion_matrix), activities),
        recordings=figure_rows(summary.recordings) if summary.recordings else None,
        ways=[WAYS[way] for way in summary.recordings or ()],
        settings=settings_rows(config),
        command=command_lines(manifest.session),
        environment=environment_rows(manifest.session, Device=summary.cost.device, Threads=threads),
    )
    write_text(folder.page, text)
    return folder.page
