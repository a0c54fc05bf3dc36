"""What several runs come to side by side: figures, paired differences, and where they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from har import __version__
from har.disagreements import find_disagreements
from har.paired import mcnemar, paired_differences
from har.side_by_side import ScoredRun

# Up to so many runs each is compared with each; six pairs can still be read.
_N_RUNS_ALL_PAIRS = 4


def summarise(runs: Sequence[ScoredRun]) -> dict[str, Any]:
    """Sum up runs that answered the same windows.

    Parameters
    ----------
    runs : sequence of ScoredRun
        At least two; the first is the reference.

    Returns
    -------
    dict
        Ready for JSON. Each of ``pairs`` has the differences of ``other`` less ``reference``; of
        more than four runs, each is paired with the first only. Subjects are sorted by the first
        run's accuracy, the hardest first. ``disagreements`` tells of the windows that were not
        named alike by all runs: how many of each subject and true activity, and those of which
        runs that contradict each other were surest.
    """
    first = runs[0].evaluation
    return {
        "har": __version__,
        "data": {
            "set": runs[0].results.config.data.set,
            **runs[0].results.manifest.get("data", {}),
        },
        "n_windows": first.n_windows,
        "n_subjects": len(first.per_subject),
        "activities": list(first.activities),
        "runs": [_run_row(run) for run in runs],
        "pairs": _pairs(runs),
        "per_subject": _per_subject(runs),
        "disagreements": find_disagreements(runs),
    }


def _run_row(run: ScoredRun) -> dict[str, Any]:
    manifest = run.results.manifest
    return {
        "run": run.key,
        "folder": str(run.folder.path),
        "recipe": manifest.get("recipe"),
        "seed": run.results.config.seed,
        "accuracy": run.evaluation.accuracy,
        "macro_f1": run.evaluation.macro_f1,
        "n_parameters": manifest["model"]["n_parameters"],
        "duration_s": manifest.get("duration_s"),
    }


def _pairs(runs: Sequence[ScoredRun]) -> list[dict[str, Any]]:
    every = list(combinations(runs, 2))
    chosen = every if len(runs) <= _N_RUNS_ALL_PAIRS else every[: len(runs) - 1]
    return [_pair(reference, other) for reference, other in chosen]


def _pair(reference: ScoredRun, other: ScoredRun) -> dict[str, Any]:
    first, second = (run.evaluation for run in (reference, other))
    is_right = [evaluation.predicted == evaluation.labels for evaluation in (first, second)]
    n_only = [int((one & ~another).sum()) for one, another in (is_right, is_right[::-1])]
    n_both = int((is_right[0] & is_right[1]).sum())
    return {
        "reference": reference.key,
        "other": other.key,
        **paired_differences(second.confusions_by_subject, first.confusions_by_subject),
        "mcnemar_p": mcnemar(*n_only),
        "n_right": {
            "both": n_both,
            "only_reference": n_only[0],
            "only_other": n_only[1],
            "neither": first.n_windows - n_both - sum(n_only),
        },
    }


def _per_subject(runs: Sequence[ScoredRun]) -> list[dict[str, Any]]:
    rows = [
        {
            "subject": subject,
            "n_windows": row["n_windows"],
            "accuracy": {run.key: run.evaluation.per_subject[subject]["accuracy"] for run in runs},
        }
        for subject, row in runs[0].evaluation.per_subject.items()
    ]
    return sorted(rows, key=lambda row: (row["accuracy"][runs[0].key], row["subject"]))
