"""What all contenders of a recipe work on: a trained model, windows, targets, expected answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import har
from har.arrays import FloatArray
from har.config import Config
from har.signals.activities import HAPT_ACTIVITIES
from har.signals.windows import Windows

# Enough for several batches, and for UCI HAR's whole training in the two with batches of 1500.
N_BATCHES = 8
N_PREDICTED = 1024
N_CHECKED = 64
# For the weights to be no initial ones: statistics of batch normalisation, scaling, heading.
_N_SUBJECTS, _N_PER_SUBJECT = 8, 32


@dataclass(frozen=True)
class Material:
    """A folder with what the contenders of a recipe read.

    Parameters
    ----------
    folder : Path
        Folder with a run that `ActivityClassifier.save` wrote, and arrays.
    """

    folder: Path

    @property
    def run(self) -> Path:
        """The folder of the trained model."""
        return self.folder / "run"

    def read(self, name: str) -> FloatArray:
        """Read an array: signals, targets or probabilities (of the first windows)."""
        array: FloatArray = np.load(self.folder / f"{name}.npy")
        return array

    def write(self, name: str, array: FloatArray) -> None:
        """Write an array."""
        np.save(self.folder / f"{name}.npy", array)

    def read_weights(self) -> dict[str, FloatArray]:
        """Read all parameters by their names in har."""
        with np.load(self.folder / "weights.npz") as arrays:
            return dict(arrays)

    def write_weights(self, weights: dict[str, FloatArray]) -> None:
        """Write all parameters."""
        np.savez(self.folder / "weights.npz", **weights)  # type: ignore[arg-type]


def recipe_of(name: str) -> Config:
    """Return a recipe's settings, on the CPU."""
    return replace(har.load_config(name), device="cpu")


class Maker:
    """Makes the material of recipes; for a process of its own, since it loads MXNet.

    Parameters
    ----------
    windows : Windows
        Training windows of UCI HAR.
    """

    def __init__(self, windows: Windows) -> None:
        self.windows = windows

    def make(self, recipe: str, folder: Path) -> None:
        """Train a recipe's network for an epoch on some windows, and write all that is needed."""
        from har.training.batches import smoothed_targets

        config, windows, material = recipe_of(recipe), self.windows, Material(folder)
        if config.data.set == "hapt":
            # Its first six activities are those of UCI HAR.
            windows = replace(windows, activities=HAPT_ACTIVITIES)
        short = replace(config, training=replace(config.training, n_epochs=1))
        classifier = har.ActivityClassifier(short).fit(_some(windows))
        classifier.save(material.run)
        parameters = classifier.trained_network().collect_params().items()
        material.write_weights({name: p.data().asnumpy() for name, p in parameters})
        n_windows = max(N_PREDICTED, N_BATCHES * config.training.batch_size)
        chosen = np.random.default_rng(0).permutation(len(windows))[:n_windows]
        signals = np.asarray(windows.signals[chosen])
        smoothing, n_activities = config.training.label_smoothing, len(windows.activities)
        material.write("signals", signals)
        material.write("targets", smoothed_targets(windows.labels[chosen], n_activities, smoothing))
        material.write("probabilities", classifier.predict_proba(signals[:N_CHECKED]))


def _some(windows: Windows) -> Windows:
    """Return some windows of several people."""
    names = windows.subject_names[:_N_SUBJECTS]
    rows = [np.flatnonzero(windows.subjects == name) for name in names]
    spread = [r[np.linspace(0, len(r) - 1, _N_PER_SUBJECT).astype(int)] for r in rows]
    return windows.where(np.concatenate(spread))
