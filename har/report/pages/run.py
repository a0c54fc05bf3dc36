"""One page about a run: what was trained on what, how well it does, where it errs.

The page is a list of sections. One more takes a module in `har.report.sections`, a template and a
line in `SECTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from har.files import whole_folder, write_text, writing_to
from har.report.facts import device_in_words, network_in_words
from har.report.pages.run_markdown import report_markdown
from har.report.scored_run import ScoredRun
from har.report.section import Section, save_pictures
from har.report.sections.adaptation import adaptation_section
from har.report.sections.calibration import calibration_section
from har.report.sections.confusion import confusion_section
from har.report.sections.explanation import explanation_section
from har.report.sections.headline import headline_section
from har.report.sections.heatmap import heatmap_section
from har.report.sections.learning import learning_section
from har.report.sections.model_card import model_card_section
from har.report.sections.recordings import recordings_section
from har.report.sections.reproduction import reproduction_section
from har.report.sections.robustness import robustness_section
from har.report.sections.scores import activities_section, subjects_section
from har.report.sections.settings import settings_section
from har.report.sections.single_windows.labels import labels_section
from har.report.sections.single_windows.mistakes import mistakes_section
from har.report.sections.single_windows.wrong_windows import wrong_windows_section
from har.report.templating import page_environment
from har.runs.folder import RunFolder
from har.signals.windows import Windows

# In the order of the page; each gives None where there is nothing to show.
SECTIONS: tuple[Callable[[ScoredRun], Section | None], ...] = (
    headline_section,
    adaptation_section,
    learning_section,
    confusion_section,
    activities_section,
    subjects_section,
    heatmap_section,
    calibration_section,
    recordings_section,
    robustness_section,
    mistakes_section,
    labels_section,
    wrong_windows_section,
    explanation_section,
    reproduction_section,
    settings_section,
    model_card_section,
)


def write_report(run: RunFolder, test: Windows | None = None) -> Path:
    """Write a run's page, figures and summary, from the files in the run's folder.

    Parameters
    ----------
    run : RunFolder
        A run that was scored.
    test : Windows or None
        Windows it was scored on, to draw some of them; None: they are listed only.

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
    scored = ScoredRun.read(run, test)
    made = (section(scored) for section in SECTIONS)
    sections = [section for section in made if section is not None]
    page = _render(scored, sections)
    with writing_to(run.path):
        with whole_folder(run.figures) as folder:
            for section in sections:
                save_pictures(section.pictures, folder)
        write_text(run.report, page)
        write_text(run.summary, report_markdown(scored.results))
    return run.report


def _render(run: ScoredRun, sections: Sequence[Section]) -> str:
    """Write the page: what stands above the sections, the sections, and the files they are from."""
    results = run.results
    manifest = results.manifest
    window_format = manifest.model.window_format
    template = page_environment(results.evaluation.activities).get_template("report.html")
    return template.render(
        results=results,
        evaluation=results.evaluation,
        manifest=manifest,
        network=network_in_words(results.config),
        window_s=window_format.n_timesteps / window_format.rate_hz,
        known_subjects=run.known_subjects,
        device=device_in_words(run.results.config.data.set),
        sections=sections,
    )
