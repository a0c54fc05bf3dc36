from __future__ import annotations

import numpy as np
import pytest
from builders import refused, small_windows
from sklearn.model_selection import GroupKFold

from har.errors import DataError, UsageError
from har.model_selection.folds import choose_folds, folds_of


def test_folds_of_the_real_data_are_scikit_learns(uci_har):
    train = uci_har.train
    splits = GroupKFold(n_splits=5).split(train.signals, train.labels, train.subjects)
    folds = folds_of(train, 5)
    for fold, (learned, held_out) in zip(folds, splits, strict=True):
        assert set(fold.train_subjects) == set(train.subjects[learned])
        assert set(fold.held_out_subjects) == set(train.subjects[held_out])
        np.testing.assert_array_equal(
            train.of_subjects(fold.train_subjects).labels, train.labels[learned]
        )
    assert [fold.number for fold in folds] == [0, 1, 2, 3, 4]
    # The fold of the hardest subject, as in the figures it is compared with.
    assert 16 in folds[1].held_out_subjects


@pytest.mark.parametrize(("n_folds", "expected"), [(5, 5), ("loso", 21)])
def test_each_subject_is_held_out_once_and_is_never_on_both_sides(uci_har, n_folds, expected):
    folds = folds_of(uci_har.train, n_folds)
    everyone = uci_har.train.subject_names
    assert len(folds) == expected
    assert sorted(s for fold in folds for s in fold.held_out_subjects) == list(everyone)
    for fold in folds:
        assert sorted(fold.train_subjects + fold.held_out_subjects) == list(everyone)
    if n_folds == "loso":
        assert [fold.held_out_subjects for fold in folds] == [(s,) for s in everyone]


@pytest.mark.parametrize(("n_subjects", "n_folds"), [(4, 5), (1, "loso")])
def test_too_few_subjects_are_refused(n_subjects, n_folds):
    with refused(DataError, f"found {n_subjects} subjects"):
        folds_of(small_windows(n_subjects=n_subjects), n_folds)


def test_some_folds_can_be_chosen_and_unknown_ones_are_refused():
    folds = folds_of(small_windows(), 3)
    assert choose_folds(folds, None) == folds
    assert choose_folds(folds, (2, 0)) == [folds[0], folds[2]]
    with refused(UsageError, "--only-folds: found 3, expected 0..2"):
        choose_folds(folds, (1, 3))
