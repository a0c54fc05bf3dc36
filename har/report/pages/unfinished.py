"""The page of a run that is not scored: it trains, was interrupted, failed, or was adapted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from har.config import Config
from har.errors import RunError
from har.files import write_text, writing_to
from har.report.facts import (
    about_data,
    command_lines,
    environment_rows,
    network_in_words,
    settings_rows,
)
from har.report.section import Section
from har.report.sections.adaptation import adaptation_section_of
from har.report.sections.learning import curves_section
from har.report.templating import page_environment
from har.runs.checkpoints import RunCheckpoints
from har.runs.folder import RunFolder
from har.runs.lock import is_held
from har.runs.manifest import Manifest
from har.runs.results import metrics_table
from har.runs.resuming import way_to_resume
from har.training.history import EpochRecord

# By the manifest's status, but for a run that is said to be running while nobody holds it.
_LOST, _ADAPTED = "lost", "adapted"
_TITLES = {
    "running": "Training goes on",
    _LOST: "Training gives no sign of life",
    "interrupted": "Training was interrupted",
    "failed": "Training failed",
    "finished": "Trained, but not scored",
    _ADAPTED: "Adapted to a person",
}


def write_unfinished_report(run: RunFolder) -> Path:
    """Write what there is of a run that was not scored.

    Parameters
    ----------
    run : RunFolder
        A run with settings and a manifest; no epoch need be over.

    Returns
    -------
    Path
        ``report.html``: one file that needs no other.

    Raises
    ------
    HarError
        If a file is missing or damaged, or the folder cannot be written.
    """
    # Asked first, or a training that ends in between would seem to have been killed.
    is_alive = is_held(run.path)
    manifest, config = run.read_manifest(), run.read_config()
    history = run.read_history_so_far()
    state = _state(manifest, is_alive, run.manifest)
    activities = manifest.model.window_format.activities if manifest.model else ()
    adaptation = adaptation_section_of(manifest.adaptation)
    sections = [adaptation, _learning(run, config, history)]
    template = page_environment(activities).get_template("unfinished.html")
    page = template.render(
        state=state,
        title=_TITLES[state],
        folder=run.path,
        manifest=manifest,
        config=config,
        network=network_in_words(config),
        last=history[-1] if history else None,
        best=_best(history),
        time=_times(run, manifest, config, history),
        sections=[one for one in sections if one is not None],
        environment=environment_rows(manifest.session, Seed=config.seed),
        settings=settings_rows(config),
        about_data=about_data(config.data.set, manifest.data.name, manifest.data.notes),
        command=command_lines(manifest.session),
        resume=way_to_resume(run) if RunCheckpoints(run, config).exist() else None,
    )
    with writing_to(run.path):
        write_text(run.report, page)
    return run.report


def _state(manifest: Manifest, is_alive: bool, place: Path) -> str:
    """Return the run's status, or ``lost`` if it seems to be running but nobody holds its lock."""
    status = manifest.status or "finished"
    if status == "finished" and manifest.adaptation is not None:
        return _ADAPTED
    if status not in _TITLES:
        raise RunError(f"{place}: found status {status!r}, expected one of {', '.join(_TITLES)}")
    return _LOST if status == "running" and not is_alive else status


def _learning(run: RunFolder, config: Config, history: Sequence[EpochRecord]) -> Section | None:
    if not history:
        return None
    metrics = metrics_table(list(map(asdict, history)), run.metrics)
    means = "The lines are means over the networks that have reached the epoch so far."
    return curves_section(metrics, [means] if config.model.n_members > 1 else [])


def _best(history: Sequence[EpochRecord]) -> EpochRecord | None:
    """Find the best epoch so far of the network that was trained last."""
    best = [record for record in history if record.is_best and record.member == history[-1].member]
    return best[-1] if best else None


def _times(
    run: RunFolder, manifest: Manifest, config: Config, history: Sequence[EpochRecord]
) -> dict[str, Any]:
    """Return the time of the last sign of life, of an epoch, and of all epochs that are left.

    The epochs to come are taken to last as long as those before did, with all that is done between
    them; None where that is not known.
    """
    now, last_sign = datetime.now(timezone.utc), _last_sign(run, manifest)
    times: dict[str, Any] = {"made": now, "last_sign": last_sign, "epoch_s": None, "left_s": None}
    started = manifest.session.started
    if history and started is not None and manifest.adaptation is None:
        spent = last_sign - datetime.fromisoformat(started)
        times["epoch_s"] = spent.total_seconds() / len(history)
        n_epochs, last = config.training.n_epochs, history[-1]
        n_left = n_epochs * (config.model.n_members - last.member + 1) - last.epoch
        silence_s = (now - last_sign).total_seconds()
        times["left_s"] = max(n_left * times["epoch_s"] - silence_s, 0)
    return times


def _last_sign(run: RunFolder, manifest: Manifest) -> datetime:
    """Return when the run ended, or else when it wrote last."""
    if manifest.finished is not None:
        return datetime.fromisoformat(manifest.finished).astimezone(timezone.utc)
    files = [file for file in (run.manifest, run.metrics) if file.exists()]
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in files), timezone.utc)
