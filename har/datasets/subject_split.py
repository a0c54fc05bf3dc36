"""The split of a data set's windows by people, some of whom are held out to test on."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from har.arrays import SubjectArray
from har.datasets.named_windows import in_published_order
from har.datasets.own.spellings import folded
from har.errors import ConfigError, DataError
from har.signals.channels import N_TIMESTEPS, SAMPLE_RATE_HZ
from har.signals.subjects import Subject, number_subjects
from har.signals.windows import Windows


def find_test_subjects(
    asked: tuple[Subject, ...] | None, people: SubjectArray, place: str
) -> list[Subject]:
    """Return the test subjects in the spelling of the data set.

    Parameters
    ----------
    asked : tuple of int or str, or None
        Test subjects as the user wrote them.
    people : ndarray of int or str
        People of the data set, in any order and number.
    place : str
        Folder or zip, for messages.

    Returns
    -------
    list of int or str

    Raises
    ------
    ConfigError
        If none are given, one is unknown, or nobody is left to train on.
    """
    known = number_subjects(people)[0]
    listed = ", ".join(map(str, known))
    if asked is None:
        raise ConfigError(
            f"data.test_subjects: found null, expected some of the subjects in {place}: {listed}; "
            f"for example --data.test_subjects=[{known[-1]}]"
        )
    by_spelling = {folded(str(subject)): subject for subject in known}
    unknown = [subject for subject in asked if folded(str(subject)) not in by_spelling]
    if unknown:
        raise ConfigError(
            f"data.test_subjects: found {unknown[0]}, "
            f"expected some of the subjects in {place}: {listed}"
        )
    chosen = {by_spelling[folded(str(subject))] for subject in asked}
    if chosen == set(known):
        raise ConfigError(
            f"data.test_subjects: found all subjects in {place}, "
            "expected to leave at least one to train on; "
            "har cv --all-subjects holds out each in turn"
        )
    return [subject for subject in known if subject in chosen]


def split_windows(
    windows: Windows, test_subjects: Collection[Subject], place: str
) -> tuple[Windows, Windows]:
    """Split windows by people.

    Parameters
    ----------
    windows : Windows
        Windows of all people.
    test_subjects : collection of int or str
        People to test on; none: all windows are training windows.
    place : str
        Folder or zip, for messages.

    Returns
    -------
    train, test : Windows

    Raises
    ------
    DataError
        If there are no windows to train or, with test subjects, to test on.
    """
    chosen = np.array(list(test_subjects), dtype=windows.subjects.dtype)
    is_test = np.isin(windows.subjects, chosen)
    train, test = windows.where(~is_test), windows.where(is_test)
    for split, part in (("train", train), ("test", test)):
        if not len(part) and (test_subjects or split == "train"):
            raise DataError(
                f"{place}: found no window with an activity to {split} on, expected some of "
                f"{N_TIMESTEPS / SAMPLE_RATE_HZ:g} s"
            )
    return train, test


def activity_notes(
    found: Collection[str], train: Windows, test: Windows, is_split: bool
) -> Iterator[str]:
    """Describe the activities that are left out, cannot be learned or are not tested.

    Parameters
    ----------
    found : collection of str
        Activities of all samples, whether or not a window contains them.
    train, test : Windows
        Windows of the data set.
    is_split : bool
        Whether some people are test subjects; else all will be held out in turn.

    Yields
    ------
    str
    """
    label_of = {activity: label for label, activity in enumerate(train.activities)}
    for activity in in_published_order(found):
        label = label_of.get(activity)
        if label is None:
            yield f"{activity}: fills no window, so it is left out."
        elif not is_split:
            people = number_subjects(train.subjects[train.labels == label])[0]
            if len(people) == 1:
                yield f"{activity}: only subject {people[0]} does it, so it cannot be learned."
        elif label not in train.labels:
            yield f"{activity}: only test subjects do it, so it cannot be learned."
        elif label not in test.labels:
            yield f"{activity}: no test subject does it, so it is not tested."
