from __future__ import annotations

import pandas as pd
import pytest
from variant_comparison import compare, markdown_of


def table(rows):
    return pd.DataFrame(rows, columns=["subject", "label", "fold", "right"])


# Subject 1 gets activity 0 half right and activity 1 right, subject 2 everything.
REFERENCE = table(
    [(1, 0, 0, 1.0), (1, 0, 0, 0.0), (1, 1, 0, 1.0), (2, 0, 1, 1.0), (2, 1, 1, 1.0), (2, 1, 1, 1.0)]
)


def test_the_reference_differs_from_itself_by_nothing():
    result = compare(REFERENCE, REFERENCE)
    assert (result["n_windows"], result["n_subjects"]) == (6, 2)
    assert result["accuracy"] == pytest.approx((2 / 3 + 1) / 2)
    assert (result["difference"], result["interval"]) == (0, [0, 0])


def test_a_difference_is_the_mean_of_the_subjects_own_whatever_their_numbers_of_windows():
    changed = REFERENCE.assign(right=[1.0, 1.0, 1.0, 1.0, 1.0, 0.0])
    result = compare(changed, REFERENCE)
    assert result["per_subject"] == pytest.approx({"1": 1 / 3, "2": -1 / 3})
    assert result["difference"] == pytest.approx(0)
    assert result["interval"] == pytest.approx([-1 / 3, 1 / 3])


def test_a_part_of_easier_activities_counts_as_no_better():
    easy = REFERENCE[REFERENCE["label"] == 1]
    result = compare(easy, REFERENCE)
    assert result["accuracy"] == 1
    assert result["difference"] == 0


def test_some_windows_that_are_easier_than_others_of_their_activity_count_as_better():
    result = compare(REFERENCE.iloc[[0, 3]], REFERENCE)
    assert result["per_subject"] == pytest.approx({"1": 0.5, "2": 0})


def test_a_single_subject_has_no_interval():
    result = compare(REFERENCE.iloc[:3], REFERENCE)
    assert (result["n_subjects"], result["interval"]) == (1, None)


def test_the_share_of_networks_that_were_right_may_lie_between_0_and_1():
    changed = REFERENCE.assign(right=0.25)
    assert compare(changed, REFERENCE)["accuracy"] == 0.25


def test_comparisons_are_written_as_a_table_for_each_group():
    result = {"n_windows": 7, "n_subjects": 2, "accuracy": 0.98765, "difference": -1e-9}
    rows = [
        {"group": "Early", "windows": "first third", **result, "interval": [-0.0123, 0.02]},
        {"group": "Early", "windows": "last third", **result, "interval": [0.0, 0.0]},
        {"group": "Late", "windows": "all", **result, "n_subjects": 1, "interval": None},
    ]
    head = ["", "| windows | number | subjects | accuracy | difference |"]
    head += ["|---|---:|---:|---:|---:|"]
    assert markdown_of(rows).splitlines() == [
        *("## Early", *head),
        "| first third | 7 | 2 | 98.77 | +0.00 [-1.23, +2.00] |",
        "| last third | 7 | 2 | 98.77 | +0.00 [+0.00, +0.00] |",
        *("", "## Late", *head),
        "| all | 7 | 1 | 98.77 | +0.00 |",
    ]
