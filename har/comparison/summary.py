"""A comparison of contenders: their figures, differences, and where they disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations

from har import __version__
from har.comparison.contenders import Contender, SideBySide
from har.comparison.disagreements import Disagreements, find_disagreements
from har.comparison.paired_tests import Difference, mcnemar, paired_differences
from har.evaluation.metrics import Evaluation
from har.signals.data_description import DataDescription
from har.signals.subjects import Subject

# Up to so many are compared each with each; six pairs can still be read.
_N_ALL_PAIRS = 4


@dataclass(frozen=True)
class ContenderRow:
    """Figures of one contender.

    Parameters
    ----------
    run : str
        Letter of the contender.
    name, folder, seed, n_parameters, duration_s
        As for `har.comparison.contenders.Contender`.
    accuracy, macro_f1 : float
        Figures over all windows.
    """

    run: str
    name: str | None
    folder: str | None
    seed: int
    accuracy: float
    macro_f1: float
    n_parameters: int | None
    duration_s: float | None

    @property
    def is_run(self) -> bool:
        """Whether it is a run; a baseline has no folder and no settings of a network."""
        return self.folder is not None


@dataclass(frozen=True)
class DifferingSetting:
    """A setting with different values.

    Parameters
    ----------
    setting : str
        Key in a recipe.
    values : dict of str to object
        Value in each run, by the run's letter.
    """

    setting: str
    values: dict[str, object]


@dataclass(frozen=True)
class SettingsOfRuns:
    """The number of settings, and those in which runs differ."""

    n_settings: int
    differing: tuple[DifferingSetting, ...]


@dataclass(frozen=True)
class RightCounts:
    """Windows that both contenders of a pair, one of them or neither got right."""

    both: int
    only_reference: int
    only_other: int
    neither: int


@dataclass(frozen=True)
class Pair:
    """Two contenders: the figures of `other` less those of `reference`.

    Parameters
    ----------
    reference, other : str
        Letters of the contenders.
    accuracy, macro_f1 : Difference
        Differences over all windows.
    mcnemar_p : float
        Two-sided p-value of McNemar's exact test.
    n_right : RightCounts
        Windows by which of the two were right.
    """

    reference: str
    other: str
    accuracy: Difference
    macro_f1: Difference
    mcnemar_p: float
    n_right: RightCounts


@dataclass(frozen=True)
class SubjectRow:
    """Number of windows of one subject, and each contender's accuracy on them, by its letter."""

    subject: Subject
    n_windows: int
    accuracy: dict[str, float]


@dataclass(frozen=True)
class Comparison:
    """Contenders on the same windows. Its fields are the keys of ``comparison.json``.

    Parameters
    ----------
    har : str
        Version of this package.
    data_set : str
        Name of the data set in settings; in JSON the key ``set`` of ``data``.
    data : DataDescription
        Description of the data in the first run's manifest.
    n_windows, n_subjects : int
        Number of windows, and of people.
    activities : tuple of str
        Names of the classes.
    runs : tuple of ContenderRow
        A row per contender; the first is the reference.
    settings : SettingsOfRuns
        Settings in which the runs differ.
    pairs : tuple of Pair
        Every pair of up to four contenders; of more, each with the first only.
    per_subject : tuple of SubjectRow
        A row per subject, the hardest for the first contender first.
    disagreements : Disagreements
        Windows for which not all predicted the same activity.
    """

    har: str
    data_set: str
    data: DataDescription
    n_windows: int
    n_subjects: int
    activities: tuple[str, ...]
    runs: tuple[ContenderRow, ...]
    settings: SettingsOfRuns
    pairs: tuple[Pair, ...]
    per_subject: tuple[SubjectRow, ...]
    disagreements: Disagreements

    def to_dict(self) -> dict[str, object]:
        """Return the fields, ready for JSON."""
        content = asdict(self)
        content["data"] = {"set": content.pop("data_set"), **self.data.to_dict()}
        return content


def compare_contenders(side: SideBySide) -> Comparison:
    """Compare contenders that predicted the same windows.

    Parameters
    ----------
    side : SideBySide
        At least two contenders; the first is the reference.

    Returns
    -------
    Comparison
    """
    contenders = side.contenders
    evaluations = {key: contender.evaluation for key, contender in contenders.items()}
    first = next(iter(evaluations.values()))
    return Comparison(
        har=__version__,
        data_set=side.data_set,
        data=side.data,
        n_windows=first.n_windows,
        n_subjects=len(first.per_subject),
        activities=first.activities,
        runs=tuple(_row(key, contender) for key, contender in contenders.items()),
        settings=_settings({key: one.settings for key, one in contenders.items()}),
        pairs=_pairs(evaluations),
        per_subject=_per_subject(evaluations),
        disagreements=find_disagreements(side),
    )


def _row(key: str, contender: Contender) -> ContenderRow:
    return ContenderRow(
        run=key,
        name=contender.name,
        folder=contender.folder,
        seed=contender.seed,
        accuracy=contender.evaluation.accuracy,
        macro_f1=contender.evaluation.macro_f1,
        n_parameters=contender.n_parameters,
        duration_s=contender.duration_s,
    )


def _settings(settings: Mapping[str, Mapping[str, object]]) -> SettingsOfRuns:
    """Find the settings that are not the same for all that have any."""
    having = {key: values for key, values in settings.items() if values}
    of_first = next(iter(having.values()))
    differing = tuple(
        DifferingSetting(name, {key: values[name] for key, values in having.items()})
        for name in of_first
        if any(values[name] != of_first[name] for values in having.values())
    )
    return SettingsOfRuns(len(of_first), differing)


def _pairs(evaluations: Mapping[str, Evaluation]) -> tuple[Pair, ...]:
    every = list(combinations(evaluations, 2))
    chosen = every if len(evaluations) <= _N_ALL_PAIRS else every[: len(evaluations) - 1]
    return tuple(_pair(evaluations, reference, other) for reference, other in chosen)


def _pair(evaluations: Mapping[str, Evaluation], reference: str, other: str) -> Pair:
    both = evaluations[reference], evaluations[other]
    n_right = _count_right(*both)
    confusions_of_reference, confusions_of_other = (one.confusions_by_subject for one in both)
    return Pair(
        reference,
        other,
        **paired_differences(confusions_of_other, confusions_of_reference),
        mcnemar_p=mcnemar(n_right.only_reference, n_right.only_other),
        n_right=n_right,
    )


def _count_right(reference: Evaluation, other: Evaluation) -> RightCounts:
    first, second = (one.predicted == one.labels for one in (reference, other))
    return RightCounts(
        both=int((first & second).sum()),
        only_reference=int((first & ~second).sum()),
        only_other=int((second & ~first).sum()),
        neither=int((~first & ~second).sum()),
    )


def _per_subject(evaluations: Mapping[str, Evaluation]) -> tuple[SubjectRow, ...]:
    key_of_first, first = next(iter(evaluations.items()))
    rows = [
        SubjectRow(
            subject=subject,
            n_windows=int(row["n_windows"]),
            accuracy={
                key: evaluation.per_subject[subject]["accuracy"]
                for key, evaluation in evaluations.items()
            },
        )
        for subject, row in first.per_subject.items()
    ]
    return tuple(sorted(rows, key=lambda row: row.accuracy[key_of_first]))
