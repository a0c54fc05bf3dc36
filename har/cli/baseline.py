"""What ``har baseline`` does: score each classical classifier on the folds of ``har cv``."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from har.cli.terminal import baselines_in_words, show_scores
from har.datasets.loading import open_training
from har.errors import RunError
from har.files import write_text
from har.model_selection.baselines import chosen_baselines, features_of, score_baseline
from har.model_selection.cross_validation import n_processes, run_jobs
from har.model_selection.folds import Fold, folds_of
from har.model_selection.summary import summarise
from har.recipes import load_config
from har.runs.manifest import FoldsDescription
from har.runs.provenance import describe_start
from har.signals.windows import Windows


def run_baselines(options: Namespace, say: Callable[[str], None]) -> str:
    """Cross-validate classical classifiers on summary features.

    Parameters
    ----------
    options : Namespace
        With ``names``, ``config``, ``data_root``, ``folds``, ``seeds``, ``jobs``, ``out`` and
        ``command``.
    say : callable
        Told in a line what is being done.

    Returns
    -------
    str
        A table of the results, and where all figures are.
    """
    config = load_config(options.config)
    root = options.data_root or config.data.root
    data = open_training(replace(config.data, root=root), say)
    folds = folds_of(data.windows, options.folds)
    held_out = tuple(fold.held_out_subjects for fold in folds)
    out = options.out or Path("runs") / f"baselines-{datetime.now():%Y%m%d-%H%M%S}.json"
    manifest = describe_start(options.command, Path(options.config).stem, data.describe())
    manifest = replace(manifest, folds=FoldsDescription(options.folds, held_out))
    content: dict[str, Any] = {
        **manifest.to_dict(),
        "baselines": {},
    }
    # Before any work, to see that the file can be written.
    _write_json(content, out)
    names = chosen_baselines(options.names)
    seeds = range(config.seed, config.seed + options.seeds)
    jobs = [(seed, fold) for seed in seeds for fold in folds]
    try:
        for name, summary in _score_baselines(names, data.windows, jobs, options.jobs, say):
            content["baselines"][name] = summary
            _write_json(content, out)
    except KeyboardInterrupt:
        _write_json({**content, "status": "interrupted"}, out)
        raise KeyboardInterrupt(
            f" after {len(content['baselines'])} of {len(names)} baselines; {out} keeps them"
        ) from None
    _write_json({**content, "status": "finished"}, out)
    return f"{baselines_in_words(content['baselines'])}\nfigures: {out}"


def _score_baselines(
    names: Iterable[str],
    windows: Windows,
    jobs: list[tuple[int, Fold]],
    n_jobs: int | None,
    say: Callable[[str], None],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run the jobs of one baseline after the other, and sum each up."""
    features = features_of(windows)
    n_at_a_time = n_processes(len(jobs), n_jobs, n_threads=1)
    for name in names:
        say(f"{name}:")
        scores = run_jobs(partial(score_baseline, name, windows, features), jobs, n_at_a_time)
        shown = list(show_scores(scores, len(jobs), say))
        yield name, summarise(shown, len({fold.number for _seed, fold in jobs}))


def _write_json(content: dict[str, Any], out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_text(out, json.dumps(content, indent=2) + "\n")
    except OSError as error:
        raise RunError(f"{out}: found {error.strerror}, expected a file to write to") from error
