"""A data set as everything above reads it: its splits, what it is called and where it came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from har.errors import ConfigError
from har.signals.data_description import DataDescription
from har.signals.windows import Windows

SPLITS = ("train", "test")


@dataclass(frozen=True)
class DataSet:
    """Windows to train on and windows to test on, and where they came from.

    Parameters
    ----------
    name : str
        ``"UCI HAR"``, ``"HAPT"``, or the name of a user's folder.
    train, test : Windows
        Of the same channels and activities; no subject is in both.
    source : str
        What was read, in words for a report.
    fingerprint : str
        Digest of the content, the same for every source of the same windows.
    notes : tuple of str
        What a person should know of it, a line each: what was left out, what was assumed.
    """

    name: str
    train: Windows
    test: Windows
    source: str
    fingerprint: str
    notes: tuple[str, ...] = ()

    @property
    def splits(self) -> dict[str, Windows]:
        """The windows by the name of their split, one of `SPLITS`."""
        return dict(zip(SPLITS, (self.train, self.test), strict=True))

    def describe(self) -> DataDescription:
        """Return what a manifest tells of it."""
        return DataDescription(
            name=self.name,
            source=self.source,
            notes=self.notes,
            fingerprint=self.fingerprint,
            n_train_windows=len(self.train),
            n_test_windows=len(self.test),
        )


@dataclass(frozen=True)
class TrainingSet:
    """Windows to train on, for what must not see those to test on.

    Parameters
    ----------
    name, source, notes
        As of the `DataSet` it is a split of.
    windows : Windows
        The training windows.
    """

    name: str
    windows: Windows
    source: str
    notes: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the training windows; see `content_fingerprint`."""
        return content_fingerprint(self.windows)

    def describe(self) -> DataDescription:
        """Return what a manifest tells of it."""
        return DataDescription(
            name=self.name,
            source=self.source,
            notes=self.notes,
            fingerprint=self.fingerprint,
            n_train_windows=len(self.windows),
        )


def select_activities(data: DataSet, activities: tuple[str, ...]) -> DataSet:
    """Leave out the windows of all other activities.

    Parameters
    ----------
    data : DataSet
        With windows of at least these.
    activities : tuple of str
        Which to keep; labels follow this order.

    Returns
    -------
    DataSet

    Raises
    ------
    ConfigError
        If the data set has no such activity.
    """
    train, test = (_selected(windows, activities, data.name) for windows in data.splits.values())
    n_left_out = len(data.train) + len(data.test) - len(train) - len(test)
    return replace(
        data,
        train=train,
        test=test,
        fingerprint=content_fingerprint(train, test),
        notes=data.notes + _left_out(n_left_out),
    )


def select_training_activities(data: TrainingSet, activities: tuple[str, ...]) -> TrainingSet:
    """Leave out the training windows of all other activities; see `select_activities`."""
    windows = _selected(data.windows, activities, data.name)
    n_left_out = len(data.windows) - len(windows)
    return replace(data, windows=windows, notes=data.notes + _left_out(n_left_out))


def _left_out(n_windows: int) -> tuple[str, ...]:
    note = f"{n_windows} windows of activities that are not among data.activities are left out."
    return (note,) if n_windows else ()


def _selected(windows: Windows, activities: tuple[str, ...], name: str) -> Windows:
    for activity in activities:
        if activity not in windows.activities:
            raise ConfigError(
                f"data.activities: found {activity}, expected activities of {name}: "
                f"{', '.join(windows.activities)}"
            )
    names = np.array(windows.activities)[windows.labels]
    kept = windows.where(np.isin(names, activities))
    place_of = {windows.activities.index(name): place for place, name in enumerate(activities)}
    labels = np.array([place_of[label] for label in kept.labels.tolist()], dtype=np.int64)
    return replace(kept, labels=labels, activities=activities)


def content_fingerprint(*splits: Windows) -> str:
    """Digest windows so that every source of the same windows gives the same digest.

    Parameters
    ----------
    *splits : Windows
        Usually train and test.

    Returns
    -------
    str
        16 hexadecimal digits. Signals count to 1e-4 g or rad/s, as rebuilt and published values
        can differ in their last printed digit.
    """
    digest = hashlib.sha256()
    for windows in splits:
        digest.update(np.rint(windows.signals * 1e4).astype(np.int32).tobytes())
        digest.update(windows.labels.astype(np.int64).tobytes())
        digest.update(windows.subjects.astype(np.int64).tobytes())
    return digest.hexdigest()[:16]
