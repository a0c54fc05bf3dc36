"""A trained model for programs that have NumPy alone: its arrays, and a predictor in one file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from scipy.signal import sosfilt

from har.arrays import FloatArray
from har.errors import of_surroundings
from har.export.folded import folded_weights
from har.export.predictor import Model, Stream
from har.export.sample_windows import (
    made_up_samples,
    made_up_windows,
    raw_channels_or_none,
)
from har.export.trained_model import TrainedModel
from har.files import write_whole
from har.models.constants import LAGS, N_BANDS, SUMMARY_SHARE, Triads, spectral_tables
from har.runs.arrays_file import Array, write_arrays
from har.signals.channels import WINDOW_STEP
from har.signals.filters import FilterDesign, filter_designs, uci_har_channels

MODEL_NAME, PREDICTOR_NAME = "model.npz", "har_predictor.py"
_N_SECTIONS_OF_DRIFT = 2
# Of a signal's spectra: variance, changes and bands; autocorrelations and mean frequency.
_N_LOGARITHMS, _N_RATIOS = 2 + N_BANDS, len(LAGS) + 1


def write(model: TrainedModel, out: Path) -> tuple[str, ...]:
    """Write ``model.npz`` and ``har_predictor.py``, and compare their answers with the model's.

    Parameters
    ----------
    model : TrainedModel
        Trained network or ensemble.
    out : Path
        Folder, created if it is missing.

    Returns
    -------
    tuple of str
        Lines for a person: files, sizes, and the largest differences on made-up signals.

    Raises
    ------
    RunError
        If the folder cannot be written, or a summary has other tables than this version's.
    """
    arrays = model_arrays(model)
    source = Path(__file__).with_name("predictor.py").read_text(encoding="utf-8")
    model_file, predictor_file = out / MODEL_NAME, out / PREDICTOR_NAME
    with of_surroundings(str(out)):
        out.mkdir(parents=True, exist_ok=True)
        write_arrays(model_file, arrays)
        write_whole(predictor_file, lambda path: path.write_text(source, encoding="utf-8"))
    sizes = (
        f"{file}: {file.stat().st_size / 1000:,.0f} kB" for file in (model_file, predictor_file)
    )
    return (*sizes, *_differences(model, Model(str(model_file))))


def _differences(model: TrainedModel, written: Model) -> list[str]:
    """Return lines with the largest differences from har, on signals that are made up."""
    windows = made_up_windows(model.window_format)
    difference = np.abs(written.probabilities(windows) - model.predict_proba(windows)).max()
    lines = [f"probabilities: at most {difference:.1g} from har's in {len(windows)} windows"]
    raw_channels = raw_channels_or_none(model.window_format)
    if raw_channels is None:
        return [*lines, "filters: none, since the channels are not those of UCI HAR at 50 Hz"]
    samples = made_up_samples(len(raw_channels))
    # The written filters wait for the neighbour of the last sample.
    filtered = Stream(written).channels(samples)
    expected = uci_har_channels(samples, "settled")[:-1]
    return [
        *lines,
        f"filters: at most {np.abs(filtered - expected).max():.1g} g or rad/s from har's",
    ]


def model_arrays(model: TrainedModel) -> dict[str, Array]:
    """Return the arrays of ``model.npz``.

    Parameters
    ----------
    model : TrainedModel
        Trained network or ensemble.

    Returns
    -------
    dict of str to ndarray
        ``about``, the structure as bytes of JSON; the filters; and the weights of each network, as
        `har.export.folded.folded_weights` names them, behind the network's prefix.

    Raises
    ------
    RunError
        If a summary has other tables than this version's.
    """
    raw_channels = raw_channels_or_none(model.window_format) or ()
    about = json.dumps(_about(model, raw_channels), indent=1)
    arrays: dict[str, Array] = {"about": np.frombuffer(about.encode(), np.uint8)}
    if raw_channels:
        noise, *drifts = filter_designs()
        systems = [_as_one_product(noise, drift) for drift in drifts[: len(raw_channels) // 3]]
        arrays["filter_matrix"] = np.stack([matrix for matrix, _ in systems])
        arrays["filter_settled"] = np.stack([settled for _, settled in systems])
    for number in range(1, model.config.n_members + 1):
        of_network = _network_arrays(model, number)
        arrays |= {f"{_prefix(number)}{name}": array for name, array in of_network.items()}
    return arrays


def _prefix(number: int) -> str:
    return f"network{number}_"


def _about(model: TrainedModel, raw_channels: tuple[str, ...]) -> dict[str, object]:
    """Return what the predictor knows of the structure, ready for JSON."""
    config, window_format = model.config, model.window_format
    channels, n_timesteps = window_format.channels, window_format.n_timesteps
    triads = Triads(channels)
    body = [place for place, name in enumerate(channels) if name.startswith("body_")]
    directions = [("forward", 1), ("backward", -1)] if config.bidirectional else [("forward", 1)]
    return {
        "activities": window_format.activities,
        "channels": channels,
        "rate_hz": window_format.rate_hz,
        "n_timesteps": n_timesteps,
        "n_channels": len(channels),
        "raw_channels": raw_channels,
        # Shorter windows than UCI HAR's have no gaps between them.
        "hop": min(WINDOW_STEP, n_timesteps),
        "networks": [_prefix(number) for number in range(1, config.n_members + 1)],
        "temperature": model.temperature,
        "views": config.views,
        "movements": body or list(range(len(channels))),
        "compression": config.compression,
        "n_convolutions": config.conv_layers if config.conv_channels else 0,
        "conv_kernel": config.conv_kernel,
        "conv_stride": config.conv_stride,
        "conv_skip": config.conv_skip,
        "embedding_size": config.embedding_size,
        "n_layers": config.n_layers,
        "hidden_size": config.hidden_size,
        "directions": directions,
        "pooling": config.pooling,
        "summary_share": SUMMARY_SHARE if config.summary_size else 0,
        "splits": [_N_LOGARITHMS, _N_LOGARITHMS + _N_RATIOS],
        "gravity": triads.gravity,
        "without_gravity": triads.movements,
        **_about_heading(channels),
    }


def _about_heading(channels: tuple[str, ...]) -> dict[str, object]:
    """Return which signals turn windows: numbers of movements, and that of gravity."""
    names = [name[:-2] for name in channels[::3]]
    body = [number for number, name in enumerate(names) if name.startswith("body_")]
    accelerations = [n for n, name in enumerate(names) if name.split("_")[-1] == "acc"]
    return {
        "turning": body or list(range(len(names))),
        "upright": max(accelerations, default=0),
    }


def _network_arrays(model: TrainedModel, number: int) -> dict[str, Array]:
    """Return the arrays of a network, in the predictor's order of a summary's features."""
    arrays: dict[str, Array] = dict(folded_weights(model, number))
    config = model.config.of_member(number)
    if config.align_heading:
        real, imaginary = arrays["heading_weight"]
        arrays["heading_weight"] = (real + 1j * imaginary).astype(np.complex64)
    if config.summary_size:
        arrays |= _summary_tables(model)
        order = _summary_order(model)
        for name in ("summary_mean", "summary_factor", "summary_hidden_weight"):
            arrays[name] = np.ascontiguousarray(arrays[name][..., order])
    return arrays


def _summary_tables(model: TrainedModel) -> dict[str, Array]:
    """Return waves as complex numbers, and sums of their powers in groups of equal use."""
    n_timesteps = model.window_format.n_timesteps
    waves, weights = spectral_tables(n_timesteps)
    n_padded, n_plain = n_timesteps + 1, n_timesteps // 2
    cosines, sines, hann_cosines, hann_sines = np.split(
        waves, np.cumsum([n_padded, n_padded, n_plain]), axis=1
    )
    together = [cosines + 1j * sines, hann_cosines + 1j * hann_sines]
    of_powers = np.concatenate([weights[:n_padded], weights[2 * n_padded :][:n_plain]])
    variance, lags, energies, energy, by_frequency = np.split(
        of_powers, np.cumsum([1, len(LAGS), 1 + N_BANDS, 1]), axis=1
    )
    sums = [variance, energies, lags, by_frequency, *[variance] * len(LAGS), energy]
    triads = np.array(Triads(model.window_format.channels).places, np.int64).reshape(-1, 3)
    return {
        "summary_waves": np.concatenate(together, axis=1).astype(np.complex64),
        "summary_sums": np.concatenate(sums, axis=1),
        "summary_triads": triads,
    }


def _summary_order(model: TrainedModel) -> FloatArray:
    """Return where each of the predictor's features of a summary is among the network's."""
    channels = model.window_format.channels
    triads = Triads(channels)
    n_signals = triads.n_signals(len(channels))
    # Mean, logarithm of the variance, lags, logarithms of energies, entropy, mean frequency.
    n_lags, n_energies = len(LAGS), 1 + N_BANDS
    lags, energies = range(2, 2 + n_lags), range(2 + n_lags, 2 + n_lags + n_energies)
    entropy = energies.stop
    of_signal = np.array([0, 1, *energies, *lags, entropy + 1, entropy])
    of_signals = len(of_signal) * np.arange(n_signals)[:, np.newaxis] + of_signal
    others = np.arange(of_signals.size, triads.n_features(len(channels)))
    return np.concatenate([of_signals.ravel(), others])


def _as_one_product(noise: FilterDesign, drift: FilterDesign) -> tuple[FloatArray, FloatArray]:
    """Return two filters, the second subtracted from the first, as a matrix and a settled state.

    Parameters
    ----------
    noise, drift : FilterDesign
        Low-pass of the signal, and that of its result which is then subtracted.

    Returns
    -------
    matrix : ndarray of float64, shape (n_states + 2, n_states + 1)
        Its product with state and sample is the next state, the low-passed sample, and that
        without its drift.
    settled : ndarray of float64, shape (n_states, 1)
        State after a constant signal of 1. Unused states, which keep shapes equal, are 0.
    """
    n_noise, n_states = noise.settled.size, noise.settled.size + 2 * _N_SECTIONS_OF_DRIFT
    n_drift = drift.settled.size
    # What state and input become, once for each of them alone.
    units = np.eye(n_states + 1)
    before = units[:n_noise].reshape(-1, 2, n_states + 1)
    low_passed, after = sosfilt(noise.sections, units[-1:], axis=0, zi=before)
    before_drift = units[n_noise : n_noise + n_drift].reshape(-1, 2, n_states + 1)
    slow, after_drift = sosfilt(drift.sections, low_passed, axis=0, zi=before_drift)
    matrix = np.zeros((n_states + 2, n_states + 1))
    matrix[:n_noise] = after.reshape(n_noise, -1)
    matrix[n_noise : n_noise + n_drift] = after_drift.reshape(n_drift, -1)
    matrix[-2], matrix[-1] = low_passed[0], (low_passed - slow)[0]
    settled = np.zeros((n_states, 1))
    settled[: n_noise + n_drift, 0] = [*noise.settled.ravel(), *drift.settled.ravel()]
    return matrix, settled
