"""A data set: its splits, its name and its source."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from har.arrays import SubjectArray, blocks_of
from har.config import Sensors
from har.errors import ConfigError
from har.signals.channels import unit_of
from har.signals.data_description import DataDescription
from har.signals.windows import Windows

SPLITS = ("train", "test")
_SENSORS_NOTE = "The gyroscope is left out, as data.sensors says."


@dataclass(frozen=True)
class DataSet:
    """Training and test windows, and their source.

    Parameters
    ----------
    name, source, fingerprint, notes
        As for `DataDescription`; the fingerprint is the same for every source of the same windows.
    train, test : Windows
        Splits with the same channels and activities and no subject in common.
    """

    name: str
    train: Windows
    test: Windows
    source: str
    fingerprint: str
    notes: tuple[str, ...] = ()

    @property
    def splits(self) -> dict[str, Windows]:
        """The windows of each split, keyed by the names in `SPLITS`."""
        return dict(zip(SPLITS, (self.train, self.test), strict=True))

    def describe(self) -> DataDescription:
        """Return its description for a manifest."""
        return _description(self, len(self.train), len(self.test))


@dataclass(frozen=True)
class TrainingSet:
    """The training windows of a data set, for code that must not see the test windows.

    Parameters
    ----------
    name, source, notes
        Attributes of the whole `DataSet`.
    windows : Windows
        Training windows.
    """

    name: str
    windows: Windows
    source: str
    notes: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """The digest of the training windows; see `content_fingerprint`."""
        return content_fingerprint(self.windows)

    def describe(self) -> DataDescription:
        """Return its description for a manifest."""
        return _description(self, len(self.windows))


def _description(
    data: DataSet | TrainingSet, n_train_windows: int, n_test_windows: int | None = None
) -> DataDescription:
    return DataDescription(
        name=data.name,
        source=data.source,
        notes=data.notes,
        fingerprint=data.fingerprint,
        n_train_windows=n_train_windows,
        n_test_windows=n_test_windows,
    )


def select_sensors(data: DataSet, sensors: Sensors) -> DataSet:
    """Return a data set with the channels of some sensors only.

    Parameters
    ----------
    data : DataSet
        Data set.
    sensors : {"all", "acc"}
        All sensors, or the accelerometer alone.

    Returns
    -------
    DataSet
        The same one if there is nothing to leave out.
    """
    train, test = (_of_sensors(windows, sensors) for windows in data.splits.values())
    if train is data.train:
        return data
    notes = (*data.notes, _SENSORS_NOTE)
    fingerprint = content_fingerprint(train, test)
    return replace(data, train=train, test=test, fingerprint=fingerprint, notes=notes)


def select_training_sensors(data: TrainingSet, sensors: Sensors) -> TrainingSet:
    """Return the training windows with the channels of some sensors only; see `select_sensors`."""
    windows = _of_sensors(data.windows, sensors)
    if windows is data.windows:
        return data
    return replace(data, windows=windows, notes=(*data.notes, _SENSORS_NOTE))


def _of_sensors(windows: Windows, sensors: Sensors) -> Windows:
    kept = [index for index, name in enumerate(windows.channels) if unit_of(name) == "g"]
    if sensors == "all" or len(kept) == len(windows.channels):
        return windows
    channels = tuple(windows.channels[index] for index in kept)
    return replace(windows, signals=windows.signals[:, :, kept], channels=channels)


def join_splits(data: DataSet) -> TrainingSet:
    """Return the windows of both splits as training windows, for cross-validation over all people.

    Parameters
    ----------
    data : DataSet
        Data set; its test split may be empty.

    Returns
    -------
    TrainingSet
        Training windows, then test windows.
    """
    train, test = data.train, data.test
    if not len(test):
        return TrainingSet(data.name, train, data.source, data.notes)
    windows = replace(
        train,
        signals=np.concatenate([train.signals, test.signals]),
        labels=np.concatenate([train.labels, test.labels]),
        subjects=np.concatenate([train.subjects, test.subjects]),
    )
    return TrainingSet(data.name, windows, data.source, data.notes)


def select_activities(data: DataSet, activities: tuple[str, ...]) -> DataSet:
    """Return a data set with the windows of some activities only.

    Parameters
    ----------
    data : DataSet
        Data set that has at least these activities.
    activities : tuple of str
        Activities to keep, in the order of the new labels.

    Returns
    -------
    DataSet

    Raises
    ------
    ConfigError
        If the data set lacks one of the activities.
    """
    train, test = (_selected(windows, activities, data.name) for windows in data.splits.values())
    n_left_out = len(data.train) + len(data.test) - len(train) - len(test)
    return replace(
        data,
        train=train,
        test=test,
        fingerprint=content_fingerprint(train, test),
        notes=data.notes + _left_out_note(n_left_out),
    )


def select_training_activities(data: TrainingSet, activities: tuple[str, ...]) -> TrainingSet:
    """Return the training windows of some activities only; see `select_activities`."""
    windows = _selected(data.windows, activities, data.name)
    n_left_out = len(data.windows) - len(windows)
    return replace(data, windows=windows, notes=data.notes + _left_out_note(n_left_out))


def _left_out_note(n_windows: int) -> tuple[str, ...]:
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
    new_labels = {windows.activities.index(name): label for label, name in enumerate(activities)}
    labels = np.array([new_labels[label] for label in kept.labels.tolist()], dtype=np.int64)
    return replace(kept, labels=labels, activities=activities)


def content_fingerprint(*splits: Windows) -> str:
    """Return a digest of windows that does not depend on their source.

    Parameters
    ----------
    *splits : Windows
        Splits in a fixed order, usually train and test.

    Returns
    -------
    str
        16 hexadecimal digits. Signals are rounded to 1e-4 g or rad/s, since rebuilt and published
        values can differ in their last printed digit.
    """
    digest = hashlib.sha256()
    for windows in splits:
        for block in blocks_of(windows.signals):
            digest.update(np.rint(block * 1e4).astype(np.int32).tobytes())
        digest.update(windows.labels.astype(np.int64).tobytes())
        digest.update(_bytes_of(windows.subjects))
    return digest.hexdigest()[:16]


def _bytes_of(subjects: SubjectArray) -> bytes:
    """Return bytes that do not depend on the longest name among them."""
    if subjects.dtype.kind == "U":
        return "\n".join(subjects.tolist()).encode()
    return subjects.astype(np.int64).tobytes()
