"""What several contenders come to side by side: figures, differences, and where they disagree."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from har import __version__
from har.comparison.contenders import Contender, SideBySide
from har.comparison.disagreements import find_disagreements
from har.comparison.paired_tests import mcnemar, paired_differences
from har.evaluation.metrics import Evaluation

# Up to so many are compared each with each; six pairs can still be read.
_N_ALL_PAIRS = 4


def summarise(side: SideBySide) -> dict[str, Any]:
    """Sum up contenders that answered the same windows.

    Parameters
    ----------
    side : SideBySide
        Of at least two; the first is the reference.

    Returns
    -------
    dict
        Ready for JSON. ``settings`` has those in which the runs differ, of all that there are. Each
        of ``pairs`` has the differences of ``other`` less ``reference``; of more than four
        contenders, each is paired with the first only. Subjects are sorted by the first one's
        accuracy, the hardest first. ``disagreements`` tells of the windows that were not named
        alike by all: how many of each subject and true activity, and those of which contenders that
        contradict each other were surest.
    """
    contenders = side.contenders
    evaluations = {key: contender.evaluation for key, contender in contenders.items()}
    first = next(iter(evaluations.values()))
    return {
        "har": __version__,
        "data": dict(side.data),
        "n_windows": first.n_windows,
        "n_subjects": len(first.per_subject),
        "activities": list(first.activities),
        "runs": [_row(key, contender) for key, contender in contenders.items()],
        "settings": _settings({key: one.settings for key, one in contenders.items()}),
        "pairs": _pairs(evaluations),
        "per_subject": _per_subject(evaluations),
        "disagreements": find_disagreements(side),
    }


def _row(key: str, contender: Contender) -> dict[str, Any]:
    return {
        "run": key,
        "name": contender.name,
        "folder": contender.folder,
        "seed": contender.seed,
        "accuracy": contender.evaluation.accuracy,
        "macro_f1": contender.evaluation.macro_f1,
        "n_parameters": contender.n_parameters,
        "duration_s": contender.duration_s,
    }


def _settings(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Find the settings that are not the same for all that have any."""
    having = {key: values for key, values in settings.items() if values}
    of_first = next(iter(having.values()))
    differing = [
        {"setting": name, "values": {key: _as_json(values[name]) for key, values in having.items()}}
        for name in of_first
        if any(values[name] != of_first[name] for values in having.values())
    ]
    return {"n_settings": len(of_first), "differing": differing}


def _as_json(setting: object) -> object:
    return list(setting) if isinstance(setting, tuple) else setting


def _pairs(evaluations: Mapping[str, Evaluation]) -> list[dict[str, Any]]:
    every = list(combinations(evaluations, 2))
    chosen = every if len(evaluations) <= _N_ALL_PAIRS else every[: len(evaluations) - 1]
    return [
        {
            "reference": reference,
            "other": other,
            **_differences(evaluations[reference], evaluations[other]),
        }
        for reference, other in chosen
    ]


def _differences(reference: Evaluation, other: Evaluation) -> dict[str, Any]:
    is_right = [evaluation.predicted == evaluation.labels for evaluation in (reference, other)]
    n_only = [int((one & ~another).sum()) for one, another in (is_right, is_right[::-1])]
    n_both = int((is_right[0] & is_right[1]).sum())
    return {
        **paired_differences(other.confusions_by_subject, reference.confusions_by_subject),
        "mcnemar_p": mcnemar(*n_only),
        "n_right": {
            "both": n_both,
            "only_reference": n_only[0],
            "only_other": n_only[1],
            "neither": reference.n_windows - n_both - sum(n_only),
        },
    }


def _per_subject(evaluations: Mapping[str, Evaluation]) -> list[dict[str, Any]]:
    key_of_first, first = next(iter(evaluations.items()))
    rows = [
        {
            "subject": subject,
            "n_windows": row["n_windows"],
            "accuracy": {
                key: evaluation.per_subject[subject]["accuracy"]
                for key, evaluation in evaluations.items()
            },
        }
        for subject, row in first.per_subject.items()
    ]
    return sorted(rows, key=lambda row: (row["accuracy"][key_of_first], row["subject"]))
