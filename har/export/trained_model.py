"""A trained model as values: all that files for other programs are made of, without MXNet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.special import softmax

from har.arrays import FloatArray
from har.config import ModelConfig
from har.errors import RunError, parsing
from har.evaluation.strangeness import Strangeness
from har.inference.context import MarkovContext
from har.models.constants import PREFIX, weights_of_member
from har.models.packed.network import PackedNetwork
from har.runs.folder import RunFolder
from har.runs.manifest import TrainedManifest
from har.signals.windows import WindowFormat


@dataclass(frozen=True)
class TrainedModel:
    """A trained network, or an ensemble of them, and what is known of it.

    Parameters
    ----------
    source : str
        Folder of the run.
    config : ModelConfig
        Settings of the network.
    weights : mapping of str to ndarray of float32
        All parameters by name, with `har.models.constants.PREFIX`.
    manifest : TrainedManifest
        Window format, direction of gravity, data and training.
    strangeness : Strangeness or None
        Measure of how unlike training a window is.
    context : MarkovContext or None
        Context over time that was learned, if any was.
    """

    source: str
    config: ModelConfig
    weights: dict[str, FloatArray]
    manifest: TrainedManifest
    strangeness: Strangeness | None = None
    context: MarkovContext | None = None

    @classmethod
    def read(cls, folder: Path) -> TrainedModel:
        """Read the model of a run folder.

        Raises
        ------
        RunError
            If nothing was trained, or a file is missing, damaged or another than was saved.
        """
        run = RunFolder.open(folder)
        run.warn_if_unbound()
        manifest = run.read_trained_manifest()
        weights = {
            name.split(":", 1)[-1]: np.asarray(array, np.float32)
            for name, array in run.read_weights().items()
        }
        n_activities = len(manifest.model.window_format.activities)
        context = MarkovContext.of_run(run.read_context(), n_activities, str(run.context))
        model = cls(
            str(folder), run.read_config().model, weights, manifest, run.read_strangeness(), context
        )
        model.check(str(run.weights))
        return model

    def check(self, place: str) -> None:
        """Refuse weights that are not those of the network; a `RunError` names the place."""
        expected = self.window_format
        still = np.zeros((1, expected.n_timesteps, len(expected.channels)), np.float32)
        with parsing(place, "the weights of the network that config.yaml describes", RunError):
            logits, features = self._packed.logits_and_features(still)
        n_features = features.shape[1]
        if self.strangeness is not None and len(self.strangeness.whitening) != n_features:
            raise RunError(
                f"{self.source}: found a strangeness of {len(self.strangeness.whitening)} "
                f"features, expected the {n_features} of the network"
            )
        if logits.shape[1] != len(expected.activities) or not np.isfinite(logits).all():
            raise RunError(
                f"{place}: found scores of {logits.shape[1]} activities, or some that are no "
                f"numbers, expected finite ones of {len(expected.activities)}"
            )

    @property
    def window_format(self) -> WindowFormat:
        """Channels, activities, rate and length of the windows."""
        return self.manifest.model.window_format

    @property
    def temperature(self) -> float:
        """The divisor of the logits; 1 if the network was not calibrated."""
        divisor = self.weights.get(f"{PREFIX}temperature")
        return 1.0 if divisor is None else float(divisor.item())

    def member_weights(self, number: int) -> dict[str, FloatArray]:
        """Return the parameters of a network, numbered from 1, by names without a prefix."""
        return weights_of_member(self.weights, number, self.config.n_members)

    @cached_property
    def _packed(self) -> PackedNetwork:
        return PackedNetwork(self.config, self.window_format.channels, self.weights)

    def predict_proba(self, windows: FloatArray) -> FloatArray:
        """Return what the network says, for comparison with what was exported.

        Parameters
        ----------
        windows : ndarray of float32, shape (n_windows, n_timesteps, n_channels)
            Windows in g and rad/s.

        Returns
        -------
        ndarray of float64, shape (n_windows, n_activities)
            Probabilities.
        """
        logits = self._packed.logits_and_features(windows)[0]
        return np.asarray(softmax(logits.astype(np.float64), axis=1))
