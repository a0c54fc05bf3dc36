"""``har baseline``: score each baseline on the folds of ``har cv``."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from har.cli.options import at_root, new_in_runs
from har.cli.terminal import baselines_in_words, show_scores
from har.datasets.loading import open_all_subjects, open_training
from har.errors import Interrupted
from har.files import check_file, write_text, writing_to
from har.model_selection.baselines import chosen_baselines, inputs_of, score_baseline
from har.model_selection.folds import Fold, folds_of
from har.model_selection.parallel import n_processes, run_jobs
from har.model_selection.summary import CrossValidationSummary, summarise_folds
from har.recipes import load_config
from har.runs.manifest import FoldsDescription
from har.runs.provenance import describe_start
from har.signals.windows import Windows

logger = logging.getLogger(__name__)


def run(
    *,
    names: Sequence[str] = "all",
    config: str = "uci_har",
    data_root: str | None = None,
    folds: int | Literal["loso"] = 5,
    seeds: int = 1,
    all_subjects: bool = False,
    out: Path | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    command: Sequence[str] = (),
) -> None:
    """Cross-validate classifiers of summary features or of raw windows, to compare with.

    Parameters
    ----------
    names : sequence of str
        Names of the classifiers; ``"all"`` stands for each that needs no extra package.
    config : str
        Name or file of a recipe whose data and seed are taken.
    data_root : str, optional
        Folder or zip with the data set; by default that of the recipe.
    folds : int or "loso"
        Number of folds, or one for each subject.
    seeds : int
        Number of repetitions of each fold, with seeds from the recipe's on.
    all_subjects : bool
        Whether everybody is held out in turn, also the test subjects.
    out : Path, optional
        JSON file for all figures; by default a new one in ``runs/``.
    jobs : int, optional
        Number of folds at a time; by default as many as cores allow.
    cluster : str, optional
        Address of a Dask scheduler whose workers train, in place of `jobs` processes.
    command : sequence of str
        Command line, to be kept with the figures.
    """
    chosen_names = chosen_baselines(names)
    recipe = load_config(config)
    out = out or new_in_runs("baselines", ".json")
    with writing_to(out, "file"):
        out.parent.mkdir(parents=True, exist_ok=True)
    check_file(out)
    load = open_all_subjects if all_subjects else open_training
    data = load(at_root(recipe.data, data_root))
    chosen = folds_of(data.windows, folds)
    held_out = tuple(fold.held_out_subjects for fold in chosen)
    described = FoldsDescription(folds, held_out, all_subjects)
    manifest = describe_start(command, Path(config).stem, data.describe(), described)
    content: dict[str, Any] = {**manifest.to_dict(), "baselines": {}}
    _write_json(content, out)
    pairs = [(seed, fold) for seed in range(recipe.seed, recipe.seed + seeds) for fold in chosen]
    summaries: dict[str, CrossValidationSummary] = {}
    try:
        for name, summary in _score_baselines(chosen_names, data.windows, pairs, jobs, cluster):
            summaries[name] = summary
            content["baselines"][name] = summary.to_dict()
            _write_json(content, out)
    except KeyboardInterrupt as stop:
        _write_json({**content, "status": "interrupted"}, out)
        raise Interrupted(
            f"interrupted after {len(summaries)} of {len(chosen_names)} baselines; {out} keeps "
            "them",
            stop,
        ) from None
    _write_json({**content, "status": "finished"}, out)
    print(f"{baselines_in_words(summaries)}\nfigures: {out}")


def _score_baselines(
    names: Sequence[str],
    windows: Windows,
    jobs: list[tuple[int, Fold]],
    n_jobs: int | None,
    cluster: str | None,
) -> Iterator[tuple[str, CrossValidationSummary]]:
    """Run the jobs of one baseline after the other, and sum each up."""
    inputs = inputs_of(names, windows)
    n_at_a_time = n_processes(len(jobs), n_jobs)
    pairs = [(fold, seed) for seed, fold in jobs]
    for name in names:
        logger.info("%s:", name)
        shared = (name, windows, inputs[name])
        scores = run_jobs(score_baseline, pairs, n_at_a_time, shared=shared, cluster=cluster)
        # They come in any order, and are kept in one.
        shown = sorted(show_scores(scores, len(jobs)), key=lambda score: (score.seed, score.fold))
        yield name, summarise_folds(shown, len({fold.number for _seed, fold in jobs}))


def _write_json(content: dict[str, Any], out: Path) -> None:
    with writing_to(out, "file"):
        write_text(out, json.dumps(content, indent=2) + "\n")
