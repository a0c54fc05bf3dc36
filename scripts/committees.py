"""Find out which networks are worth averaging: committees of cross-validated recipes.

Takes folders of ``har cv`` of different recipes, on the same people and seeds. A committee begins
with a network of the first recipe. Whichever network makes the mean of the probabilities right in
most windows joins it, one after the other: of another recipe, or of the same one with another seed.
Nobody's window is judged by a network that has seen the person. Printed are the accuracy of every
committee that was looked at, as mean and deviation over seeds, and of those that were chosen the
standard error of what the last member adds, over people.

The best of many committees is the best by chance, too: what is chosen from this table has yet to be
shown by ``har cv``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from hard_windows import read_folds

from har.arrays import BoolArray, FloatArray

# A network of a committee: its recipe, and how far its seed is from the committee's.
Member = tuple[str, int]


class Trainings:
    """Probabilities of every window by networks that were not trained on its person.

    Parameters
    ----------
    folders : sequence of Path
        Folders of ``har cv``, all folds of which are there.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.probabilities: dict[tuple[str, int], FloatArray] = {}
        self.recipes = [folder.name.removeprefix("cv-") for folder in folders]
        for recipe, folder in zip(self.recipes, folders, strict=True):
            by_seed = read_folds(folder).sort_values("index").groupby("training")
            self.n_seeds = by_seed.ngroups
            for number, (_seed, table) in enumerate(by_seed):
                columns = table.filter(like="p_")
                self.probabilities[recipe, number] = columns.to_numpy()
                self.subjects = table["subject"].to_numpy()
                names = [name.removeprefix("p_") for name in columns]
                self.labels = pd.Index(names).get_indexer(table["true"])

    def is_right(self, members: Sequence[Member], seed: int) -> BoolArray:
        """Return which windows a committee names right, shape (n_windows,)."""
        chosen = [
            self.probabilities[name, (seed + ahead) % self.n_seeds] for name, ahead in members
        ]
        return np.asarray(np.sum(chosen, axis=0).argmax(axis=1) == self.labels)

    def accuracies(self, members: Sequence[Member]) -> FloatArray:
        """Return the accuracy of a committee with each seed, in per cent."""
        right = [self.is_right(members, seed) for seed in range(self.n_seeds)]
        return np.asarray(100 * np.mean(right, axis=1))

    def standard_error(self, members: Sequence[Member], fewer: Sequence[Member]) -> float:
        """Return the standard error over people of what one committee is better than another."""
        seeds = range(self.n_seeds)
        gains = [self.is_right(members, s).astype(int) - self.is_right(fewer, s) for s in seeds]
        of_people = pd.Series(np.mean(gains, axis=0)).groupby(self.subjects).mean()
        return float(100 * of_people.sem())


def in_words(members: Sequence[Member]) -> str:
    """Return the names of a committee's recipes."""
    return " + ".join(name + (f" (seed +{ahead})" if ahead else "") for name, ahead in members)


def grow(trainings: Trainings, n_members: int) -> None:
    """Print the committee that grows by the best network each time, and the others."""
    candidates = [(n, ahead) for n in trainings.recipes for ahead in range(trainings.n_seeds)]
    members: list[Member] = [candidates[0]]
    accuracy, *_others = [show(trainings, [(recipe, 0)]) for recipe in trainings.recipes]
    while len(members) < n_members:
        larger = [[*members, candidate] for candidate in candidates if candidate not in members]
        shown = [(show(trainings, committee), committee) for committee in larger]
        highest, best = max(shown, key=lambda pair: pair[0])
        error = trainings.standard_error(best, members)
        print(f"chosen: {in_words(best)}, which adds {highest - accuracy:.2f} ± {error:.2f}\n")
        accuracy, members = highest, best


def show(trainings: Trainings, members: Sequence[Member]) -> float:
    """Print the accuracy of a committee, and return its mean over seeds."""
    accuracies = trainings.accuracies(members)
    mean = float(accuracies.mean())
    print(f"{mean:.2f} ± {accuracies.std(ddof=1):.2f}  {in_words(members)}")
    return mean


def main() -> None:
    """Print committees of the trainings in some folders."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="+", help="that har cv wrote")
    parser.add_argument("--members", type=int, default=4, help="at most (default: 4)")
    options = parser.parse_args()
    grow(Trainings(options.folders), options.members)


if __name__ == "__main__":
    main()
