"""Activities from a phone's raw samples: this file, model.npz and NumPy are all it takes.

``python har_predictor.py model.npz samples.csv`` finds acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z (50
Hz, with gravity, in g and rad/s); in Python it is ``Stream(Model("model.npz")).push(samples)``.
"""

import json
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Array = np.ndarray[Any, np.dtype[Any]]
TINY, STILL = np.float32(1e-12), np.float32(1e-8)  # keep logarithms and quotients finite


class Model:
    """A trained network, or several whose probabilities are averaged; no file is unpickled."""

    def __init__(self, path: str) -> None:
        try:
            with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
                self.arrays = {name: file[name] for name in file.files}
            self.about = SimpleNamespace(**json.loads(self.arrays["about"].tobytes()))
            self.networks = [_Network(self, prefix) for prefix in self.about.networks]
        except Exception as error:
            raise ValueError(f"{path}: found {error}, expected a model.npz of har") from error

    def probabilities(self, windows: Array) -> Array:
        """Turn windows, (n, n_timesteps, n_channels), into probabilities, (n, n_activities)."""
        _check(windows, self.about.n_timesteps, self.about.n_channels)
        each = np.stack([_log_softmax(n.scores(windows.astype(np.float32))) for n in self.networks])
        logits = np.logaddexp.reduce(each.astype(float), axis=0) / self.about.temperature
        return np.asarray(np.exp(_log_softmax(logits)))


class Stream:
    """Filters and windows of UCI HAR, for samples as they come; after a gap make a new one."""

    def __init__(self, model: Model) -> None:
        self.model, self._last_two = model, np.empty((0, len(model.about.raw_channels)))
        self._pending = np.empty((0, model.about.n_channels), np.float32)

    def push(self, samples: Array) -> Array:
        """Return probabilities, (n, n_activities), in the windows that are now complete."""
        size, hop = self.model.about.n_timesteps, self.model.about.hop
        pending = np.concatenate([self._pending, self.channels(samples)], dtype=np.float32)
        windows = [pending[i : i + size] for i in range(0, len(pending) - size + 1, hop)]
        self._pending = pending[hop * len(windows) :]
        if not windows:
            return np.empty((0, len(self.model.about.activities)))
        return self.model.probabilities(np.reshape(windows, (-1, size, pending.shape[1])))

    def channels(self, samples: Array) -> Array:
        """Filter samples; the median looks ahead, so that the result is one sample late."""
        n_raw, n_sensors = self._last_two.shape[1], self._last_two.shape[1] // 3
        _check(samples, n_raw)
        if len(samples) and not self._last_two.size:
            self._state = self.model.arrays["filter_settled"] * samples[:1].reshape(-1, 1, 3)
        raw = np.concatenate([self._last_two if self._last_two.size else samples[:1], samples])
        self._last_two = raw[-2:]
        medians = np.median([raw[:-2], raw[1:-1], raw[2:]], axis=0).reshape(-1, n_sensors, 1, 3)
        outputs = np.empty((len(medians), n_sensors, 2, 3))
        for output, median in zip(outputs, medians, strict=True):
            # The next state, the sample without noise, and that without gravity or drift.
            moved = self.model.arrays["filter_matrix"] @ np.concatenate([self._state, median], 1)
            self._state, output[:] = moved[:, :-2], moved[:, -2:]
        return np.concatenate([outputs[:, :, 1].reshape(-1, n_raw), outputs[:, 0, 0]], axis=1)


class _Network:
    def __init__(self, model: Model, prefix: str) -> None:
        of_it = (name for name in model.arrays if name.startswith(prefix))
        self.has, self.of = model.about, {n.removeprefix(prefix): model.arrays[n] for n in of_it}

    def dense(self, name: str, values: Array) -> Array:
        return np.asarray(values @ self.of[f"{name}_weight"].T + self.of[f"{name}_bias"])

    def scores(self, windows: Array) -> Array:
        windows = self.faced(windows) if "heading_filters" in self.of else windows
        share = np.float32(self.has.summary_share)
        logarithms = _log_softmax(self.dense("output", self.lstm_features(windows)))
        if share:
            hidden = np.maximum(self.dense("summary_hidden", self.summary(windows)), 0)
            by_summary = _log_softmax(self.dense("summary_output", hidden))
            logarithms = (1 - share) * logarithms + share * by_summary
        return logarithms

    def lstm_features(self, windows: Array) -> Array:
        has, steps = self.has, np.concatenate([self.view(k, windows) for k in self.has.views], 2)
        for n in range(has.n_convolutions):
            steps = np.pad(steps, ((0, 0), (has.conv_kernel // 2,) * 2, (0, 0)))
            seen = sliding_window_view(steps, has.conv_kernel, axis=1)[:, :: has.conv_stride]
            seen = seen.swapaxes(2, 3).reshape(*seen.shape[:2], -1)
            steps = np.maximum(self.dense(f"conv{n}", seen), 0)
        hidden = np.maximum(self.dense("embedding", steps), 0) if has.embedding_size else steps
        for n in range(has.n_layers):
            ways = [self.lstm(f"lstm{n}_{w}", hidden[:, ::s])[:, ::s] for w, s in has.directions]
            hidden = np.concatenate(ways, axis=2)
        return np.concatenate(self.pooled(hidden) + [steps.mean(axis=1)] * has.conv_skip, axis=1)

    def view(self, kind: str, windows: Array) -> Array:
        if kind == "channels":
            return np.asarray((windows - self.of["channel_mean"]) * self.of["channel_factor"])
        movements, scale = windows[..., self.has.movements], self.has.compression
        if kind == "compressed":
            return np.asarray(np.arcsinh(movements / scale) * float(2 / np.arcsinh(1 / scale)))
        deviation = np.sqrt(movements.var(axis=1, keepdims=True) + STILL)
        return np.asarray((movements - movements.mean(axis=1, keepdims=True)) / deviation)

    def lstm(self, name: str, steps: Array) -> Array:
        inputs = steps @ self.of[f"{name}_input"].T + self.of[f"{name}_bias"]
        outputs, c = [np.zeros((len(steps), inputs.shape[2] // 4), np.float32)], np.float32(0)
        for of_inputs in inputs.swapaxes(0, 1):
            i, f, g, o = np.split(of_inputs + outputs[-1] @ self.of[f"{name}_state"].T, 4, axis=1)
            i, f, o = (0.5 + 0.5 * np.tanh(0.5 * gate) for gate in (i, f, o))  # sigmoids
            c = f * c + i * np.tanh(g)
            outputs.append(o * np.tanh(c))
        return np.stack(outputs[1:], axis=1)

    def pooled(self, hidden: Array) -> list[Array]:
        kind, n_units = self.has.pooling, self.has.hidden_size
        if kind == "last":  # of each direction
            return [hidden[:, -1, :n_units], hidden[:, 0, n_units:]]
        if kind == "attention":
            scores = np.tanh(self.dense("attention", hidden)) @ self.of["score_weight"].T
            shares = np.exp(scores - scores.max(axis=1, keepdims=True))
            return [(shares * hidden).sum(axis=1) / shares.sum(axis=1)]
        return [getattr(hidden, function)(axis=1) for function in kind.split("_")]

    def summary(self, windows: Array) -> Array:
        of, has, channels = self.of, self.has, windows.swapaxes(1, 2)
        triads = channels[:, of["summary_triads"]]  # the x, y and z of each signal
        signals, angles = [channels, self.length(triads)[:, :, 0]], []
        if has.gravity is not None:
            down = triads[:, has.gravity].mean(axis=2)[:, np.newaxis, :, np.newaxis]
            down = down / self.length(down)
            angles = [np.arccos(np.clip(down[:, 0, :, 0], 1e-6 - 1, 1 - 1e-6))]
            moving = triads[:, has.without_gravity]
            along = (moving * down).sum(axis=2, keepdims=True)
            both = np.concatenate([along, self.length(moving - along * down)], axis=2)
            signals.append(both.reshape(len(both), -1, both.shape[3]))
        series = np.concatenate(signals, axis=1)
        mean = series.mean(axis=2, keepdims=True)
        # Powers at the frequencies of two spectra, without and with a Hann window, and their sums.
        powers = np.square(np.abs((series - mean) @ of["summary_waves"]))
        logs, numerators, denominators = np.split(powers @ of["summary_sums"], has.splits, axis=2)
        power = powers[..., len(windows[0]) + 1 :] + TINY
        total = power.sum(axis=2, keepdims=True)
        entropy = np.log(total) - (power * np.log(power)).sum(axis=2, keepdims=True) / total
        axes = (series - mean)[:, of["summary_triads"]]
        axes = axes / np.sqrt(axes.var(axis=3, keepdims=True) + TINY)
        products = (axes @ axes.swapaxes(2, 3))[..., [0, 0, 1], [1, 2, 2]] / axes.shape[3]
        spectral = [mean, np.log(logs + TINY), numerators / (denominators + TINY), entropy]
        parts = [np.concatenate(spectral, axis=2), products, *angles]
        features = np.concatenate([part.reshape(len(part), -1) for part in parts], axis=1)
        return np.asarray((features - of["summary_mean"]) * of["summary_factor"]).clip(-5, 5)

    def length(self, vectors: Array) -> Array:
        return np.asarray(np.sqrt(np.square(vectors).sum(axis=2, keepdims=True) + TINY))

    def faced(self, windows: Array) -> Array:
        has, n, vectors = self.has, len(windows), windows.reshape(*windows.shape[:2], -1, 3)
        x, plane = vectors[..., 0], vectors[..., 1] + 1j * vectors[..., 2]
        moving = np.stack([x[..., has.turning], plane[..., has.turning]])
        seen = sliding_window_view(moving, self.of["heading_filters"].shape[-1], axis=2)
        filtered = np.einsum("pnlck,sdk->sdpnlc", seen, self.of["heading_filters"])
        filtered = filtered / np.sqrt(np.square(np.abs(filtered)).mean(4, keepdims=True) + STILL)
        turning = []  # vectors that turn with the phone
        for first, second in filtered:
            along, across = np.concatenate([first[0], second[0]], axis=2), second[1]
            products = np.einsum("nti,ntj->nij", along, across) / np.float32(along.shape[1])
            turning += [products.reshape(n, -1), (np.abs(across) ** 2 * across).mean(axis=1)]
        gravity = vectors[:, :, has.upright].mean(axis=1)
        references = np.concatenate([*turning, gravity[:, 1:2] + 1j * gravity[:, 2:]], axis=1)
        by = 1, gravity[:, :1], (np.log(moving[1, ..., :1].var(axis=1) + STILL) / 2 + 3.5) / 1.5
        ahead = np.concatenate([references * f for f in by], axis=1) @ self.of["heading_weight"]
        turn = (ahead.conj() / np.sqrt(np.square(np.abs(ahead)) + TINY))[:, np.newaxis, np.newaxis]
        return np.stack([x, (plane * turn).real, (plane * turn).imag], -1).reshape(windows.shape)


def _check(values: Array, *shape: int) -> None:
    if values.shape[1:] != shape or not np.isfinite(values).all():
        raise ValueError(f"found {values.shape}, or no numbers, expected (n, {str(shape)[1:-1]})")


def _log_softmax(logits: Array) -> Array:
    return np.asarray(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))


if __name__ == "__main__":
    _, model, table = sys.argv if len(sys.argv) == 3 else sys.exit(__doc__)
    stream = Stream(Model(model))
    with open(table, encoding="utf-8") as lines:
        columns = map(lines.readline().strip().split(",").index, stream.model.about.raw_channels)
        samples = np.loadtxt(lines, delimiter=",", usecols=[*columns], ndmin=2)
    for chances in stream.push(np.concatenate([samples, samples[-1:]])):
        sys.stdout.write(f"{stream.model.about.activities[chances.argmax()]} {chances.max():.3f}\n")
