from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from committees import Trainings, grow

ACTIVITIES = ("WALK", "REST")
TRUE = np.array(["WALK", "WALK", "REST", "REST"])
# The probability of walking in each window, by recipe and seed.
WALKING = {
    "one": ([0.9, 0.4, 0.2, 0.1], [0.9, 0.4, 0.6, 0.1]),
    "other": ([0.9, 0.8, 0.1, 0.6], [0.9, 0.8, 0.1, 0.1]),
}


@pytest.fixture
def folders(tmp_path):
    for recipe, of_seeds in WALKING.items():
        (tmp_path / f"cv-{recipe}" / "folds").mkdir(parents=True)
        for seed, walking in enumerate(of_seeds):
            table = pd.DataFrame({"index": range(4), "subject": [1, 1, 2, 2], "true": TRUE})
            table["p_WALK"], table["p_REST"] = walking, 1 - np.array(walking)
            for fold, rows in enumerate((table[2:], table[:2])):
                file = tmp_path / f"cv-{recipe}" / "folds" / f"seed{seed}-fold{fold}.csv"
                rows.to_csv(file, index=False)
    return [tmp_path / f"cv-{recipe}" for recipe in WALKING]


def test_a_committee_is_right_where_the_mean_probability_is(folders):
    trainings = Trainings(folders)
    assert trainings.accuracies([("one", 0)]).tolist() == [75, 50]
    assert trainings.accuracies([("other", 0)]).tolist() == [75, 100]
    # 0.4 and 0.8 of walking are right together, as are 0.1 and 0.6.
    assert trainings.accuracies([("one", 0), ("other", 0)]).tolist() == [100, 100]
    # With seed 0 the other has seed 1, and with seed 1 seed 0.
    assert trainings.is_right([("one", 0), ("other", 1)], 1).tolist() == [True] * 4


def test_the_network_that_helps_most_joins_first(folders, capsys):
    grow(Trainings(folders), 2)
    chosen = [line for line in capsys.readouterr().out.splitlines() if line.startswith("chosen")]
    # Person 1 gains half of the windows with both seeds, person 2 with one of them.
    assert chosen == ["chosen: one + other, which adds 37.50 ± 12.50"]
