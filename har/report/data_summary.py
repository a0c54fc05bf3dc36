"""What a data set holds, in lines for a terminal: counts, ranges, units and problems."""

from __future__ import annotations

import numpy as np
import pandas as pd

from har.datasets.dataset import DataSet
from har.datasets.published.readers import check_known
from har.errors import DataError
from har.report.recording_summary import indented
from har.signals.channels import unit_of
from har.signals.windows import Windows


def describe_data(data: DataSet, kind: str) -> str:
    """Describe a data set: counts, ranges, units and problems.

    Parameters
    ----------
    data : DataSet
        Data set as read, checked or not.
    kind : str
        Name of the data set in settings, to compare it with what is known of it.

    Returns
    -------
    str
        Several lines.
    """
    splits = data.splits
    problems = [problem for split in splits for problem in find_problems(split, data, kind)]
    n_timesteps, rate_hz = data.train.n_timesteps, data.train.rate_hz
    notes = [f"Notes\n{indented(data.notes)}"] if data.notes else []
    parts = [
        f"{data.name}, {data.source}\nfingerprint {data.fingerprint}",
        f"{len(data.train)} training and {len(data.test)} test windows of {n_timesteps} samples "
        f"at {rate_hz:g} Hz ({n_timesteps / rate_hz:g} s)",
        "Windows of each activity\n" + _table(activity_counts(splits)),
        "Windows of each subject\n" + _table(subject_counts(splits)),
        "Channels\n" + _table(channel_ranges(splits)),
        *notes,
        f"Problems\n{indented(problems or ['none'])}",
    ]
    return "\n\n".join(parts)


def _table(table: pd.DataFrame) -> str:
    text: str = table.to_string(float_format=lambda value: f"{value:.3f}")
    return indented(text.splitlines())


def activity_counts(splits: dict[str, Windows]) -> pd.DataFrame:
    """Count windows: a row per activity, a column per split."""
    columns = {
        name: np.bincount(windows.labels, minlength=len(windows.activities))
        for name, windows in splits.items()
    }
    return pd.DataFrame(columns, index=list(splits["train"].activities))


def subject_counts(splits: dict[str, Windows]) -> pd.DataFrame:
    """Count windows: a row per subject with their split, a column per activity."""
    rows = {
        (split, subject): np.bincount(
            windows.labels[windows.subjects == subject], minlength=len(windows.activities)
        )
        for split, windows in splits.items()
        for subject in windows.subject_names
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=splits["train"].activities)
    return table.set_index(pd.MultiIndex.from_tuples(rows, names=["split", "subject"]))


def channel_ranges(splits: dict[str, Windows]) -> pd.DataFrame:
    """Measure each channel over all splits: unit, range, mean and standard deviation."""
    signals = np.concatenate([windows.signals for windows in splits.values()])
    channels = splits["train"].channels
    return pd.DataFrame(
        {
            "unit": [unit_of(channel) for channel in channels],
            "min": signals.min(axis=(0, 1)),
            "max": signals.max(axis=(0, 1)),
            "mean": signals.mean(axis=(0, 1), dtype=np.float64),
            "deviation": signals.std(axis=(0, 1), dtype=np.float64),
        },
        index=list(channels),
    )


def find_problems(split: str, data: DataSet, kind: str) -> list[str]:
    """Name what is odd about a split.

    Parameters
    ----------
    split : str
        ``"train"`` or ``"test"``.
    data : DataSet
        Data set as read, checked or not.
    kind : str
        Name of the data set in settings.

    Returns
    -------
    list of str
        A line each: differences from the known data set, and sensors that stood still.
    """
    problems, windows = [], data.splits[split]
    try:
        check_known(data, kind, split)
    except DataError as error:
        problems.append(str(error))
    is_stuck = np.ptp(windows.signals, axis=1) == 0
    for channel, n_stuck in zip(windows.channels, is_stuck.sum(axis=0), strict=True):
        if n_stuck:
            problems.append(f"{split}, {channel}: never changes in {n_stuck} windows")
    return problems
