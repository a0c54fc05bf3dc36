"""What networks in MXNet, in NumPy and in the files of other programs have in common.

Names of parameters, constants in equations, and the tables of a window's summary, which
`har.models.summary` explains. They need no MXNet.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from har.arrays import FloatArray

# Prefix of all parameter names, so that those of an exported model are always the same.
PREFIX = "har_"
# Gluon's constant, which keeps batch normalisation finite.
NORM_EPSILON = 1e-5
# In g and rad/s; keeps the normalised view of a constant signal, and its correlations in the
# heading, finite. It hardly affects others: the stillest window of UCI HAR has a standard deviation
# of 0.0014, the sensor's own noise.
SMALLEST_DEVIATION = 1e-4
# Logarithms of the deviations of body_acc over UCI HAR: about their middle and half their range.
MIDDLE_MOVEMENT, MOVEMENT_RANGE = -3.5, 1.5
# Keeps the direction of a window finite that neither moves nor has gravity across x.
SMALLEST_LENGTH = 1e-6

# In samples; at 50 Hz, UCI HAR's rate, 0.02 to 1 s: steps take 0.4 to 0.7 s, and short lags
# distinguish smooth from jerky.
LAGS = (1, 3, 5, 10, 15, 20, 25, 35, 50)
# In cycles per sample; at 50 Hz up to 15 Hz: narrow around strides, steps and their harmonics.
BAND_EDGES = (0.0, 0.02, 0.04, 0.06, 0.08, 0.12, 0.16, 0.22, 0.3)
N_BANDS = len(BAND_EDGES) - 1
# Mean, variance, correlations, changes, bands, entropy, mean frequency.
N_PER_SIGNAL = 5 + len(LAGS) + N_BANDS
# In g² and rad²/s²: far below a still sensor's noise, keeps logarithms and quotients finite.
SMALLEST_ENERGY = 1e-12
# Cosine of the smallest angle between gravity and an axis, a tenth of a degree.
LARGEST_COSINE = 1 - 1e-6
# Share of the summary in the mean logarithm of the two parts' probabilities. In cross-validation of
# `uci_har` and `quick`, shares from 0.3 to 0.5 are within 0.1 % of each other.
SUMMARY_SHARE = 0.4
# A feature that varies less is constant but for rounding, and is only centred.
SMALLEST_SCALE = 1e-5
# A standardised feature beyond this is as unusual as can be.
LARGEST = 5.0


def member_prefix(number: int, n_members: int) -> str:
    """Return the prefix of a network's parameter names, unique within an ensemble."""
    return PREFIX if n_members == 1 else f"{PREFIX}member{number}_"


def weights_of_member(
    weights: Mapping[str, FloatArray], number: int, n_members: int
) -> dict[str, FloatArray]:
    """Return the parameters of a network of an ensemble, by their names without the prefix."""
    prefix = member_prefix(number, n_members)
    return {
        name.removeprefix(prefix): np.asarray(values, np.float32)
        for name, values in weights.items()
        if name.startswith(prefix)
    }


class Triads:
    """Which channels are x, y and z of one signal, and which of these signals has gravity.

    Parameters
    ----------
    channels : tuple of str
        Names of the windows' channels.

    Attributes
    ----------
    places : list of list of int
        Places of x, y and z among the channels, for each triad.
    gravity : int or None
        Number of the triad with gravity: the first acceleration that is not of the body alone.
    movements : list of int
        Numbers of the triads without gravity, if there is one with it.
    """

    def __init__(self, channels: tuple[str, ...]) -> None:
        named = {name[:-2]: [f"{name[:-2]}_{axis}" for axis in "xyz"] for name in channels}
        whole = {name: axes for name, axes in named.items() if set(axes) <= set(channels)}
        self.places = [[channels.index(axis) for axis in axes] for axes in whole.values()]
        has_gravity = ["acc" in name and not name.startswith("body_") for name in whole]
        self.gravity = has_gravity.index(True) if any(has_gravity) else None
        numbers = range(len(whole)) if any(has_gravity) else range(0)
        self.movements = [number for number in numbers if not has_gravity[number]]

    def n_signals(self, n_channels: int) -> int:
        """Return the number of signals that are summed up, with those derived from triads."""
        return n_channels + len(self.places) + 2 * len(self.movements)

    def n_features(self, n_channels: int) -> int:
        """Return the number of features in a summary of so many channels."""
        n_of_triads = 3 * len(self.places) + (0 if self.gravity is None else 3)
        return self.n_signals(n_channels) * N_PER_SIGNAL + n_of_triads


def spectral_tables(n_timesteps: int) -> tuple[FloatArray, FloatArray]:
    """Return the tables by which signals become spectra, and spectra become features.

    Parameters
    ----------
    n_timesteps : int
        Samples in a window, at least 2.

    Returns
    -------
    waves : ndarray of float32, shape (n_timesteps, n_waves)
        Cosines and sines of the padded spectrum, then those of the spectrum under a Hann window.
    weights : ndarray of float32, shape (n_waves, 4 + n_lags + n_bands)
        Share of the square of each wave's coefficient in the variance, in the autocovariance at
        each lag, in the energies of changes and of each band, in the energy of all, and in its
        product with frequency.
    """
    time = np.arange(n_timesteps)[:, np.newaxis]
    padded = np.arange(n_timesteps + 1) / (2 * n_timesteps)
    plain = np.arange(1, n_timesteps // 2 + 1) / n_timesteps
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * time / n_timesteps)
    waves = [
        window * wave(2 * np.pi * time * frequencies)
        for window, frequencies in ((1.0, padded), (hann, plain))
        for wave in (np.cos, np.sin)
    ]
    # All frequencies but 0 and the highest stand for their negative ones, too.
    of_padded = np.where((padded == 0) | (padded == 0.5), 1, 2) / (2 * n_timesteps**2)
    of_plain = np.where(plain == 0.5, 1, 2) / (n_timesteps * np.square(hann).sum())
    lags = [min(lag, n_timesteps) for lag in (0, *LAGS)]
    covariances = [of_padded * np.cos(2 * np.pi * padded * lag) for lag in lags]
    changes = of_plain * (2 - 2 * np.cos(2 * np.pi * plain))
    edges = zip(BAND_EDGES, BAND_EDGES[1:], strict=False)
    bands = [of_plain * ((low < plain) & (plain <= high)) for low, high in edges]
    energies = [changes, *bands, of_plain, of_plain * plain]
    weights = [np.concatenate([row, row, 0 * plain, 0 * plain]) for row in covariances]
    weights += [np.concatenate([0 * padded, 0 * padded, row, row]) for row in energies]
    tables = np.concatenate(waves, axis=1), np.stack(weights, axis=1)
    return tables[0].astype(np.float32), tables[1].astype(np.float32)
