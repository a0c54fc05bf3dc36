"""Sizes of a model in C: of its arrays, its memory, and the products in each window."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from har.config import ModelConfig
from har.export.trained_model import TrainedModel
from har.inference.timeline import raw_channels_of
from har.models.constants import LAGS, N_BANDS, Triads
from har.signals.channels import WINDOW_STEP
from har.signals.filters import filter_designs

_N_BYTES_OF_FLOAT, _N_BYTES_OF_DOUBLE, _N_BYTES_OF_COUNTER = 4, 8, 4


@dataclass(frozen=True)
class Sizes:
    """Sizes of a model with the channels of UCI HAR.

    Parameters
    ----------
    config : ModelConfig
        Settings of the network.
    channels : tuple of str
        Names of the windows' channels.
    n_timesteps : int
        Samples in a window.
    n_activities : int
        Number of activities.
    n_raw : int
        6, or 3 without a gyroscope.
    n_taps, n_scales : int
        Length of the filters that tell the heading, and their number of scales.
    """

    config: ModelConfig
    channels: tuple[str, ...]
    n_timesteps: int
    n_activities: int
    n_raw: int
    n_taps: int
    n_scales: int

    @classmethod
    def of_model(cls, model: TrainedModel) -> Sizes:
        """Return the sizes of a model; a `DataError` says if the channels are not UCI HAR's."""
        window_format = model.window_format
        filters = [array for name, array in model.weights.items() if name.endswith("_filters")]
        return cls(
            model.config,
            window_format.channels,
            window_format.n_timesteps,
            len(window_format.activities),
            len(raw_channels_of(window_format)),
            filters[0].shape[-1] if filters else 1,
            filters[0].shape[0] // 2 if filters else 0,
        )

    @property
    def is_aligned(self) -> bool:
        """Whether a network turns windows."""
        return self.config.align_heading or self.config.n_aligned_members > 0

    @property
    def n_directions(self) -> int:
        """Directions of the LSTM."""
        return 2 if self.config.bidirectional else 1

    @property
    def n_layers(self) -> int:
        """Number of LSTM layers."""
        return self.config.n_layers

    @property
    def n_convolutions(self) -> int:
        """Number of convolutions."""
        return self.config.conv_layers if self.config.conv_channels else 0

    @property
    def movements(self) -> list[int]:
        """Places of the channels in the compressed and the normalised view."""
        return [place for place, name in enumerate(self.channels) if name.startswith("body_")]

    @property
    def turning(self) -> list[int]:
        """Numbers of the signals from which the heading is told."""
        return [place // 3 for place in self.movements[::3]]

    @property
    def upright(self) -> int:
        """Number of the signal with gravity, the last acceleration."""
        return len(self.channels) // 3 - 1

    @cached_property
    def triads(self) -> Triads:
        """Signals with x, y and z."""
        return Triads(self.channels)

    @property
    def n_viewed(self) -> int:
        """Values that the first layer reads at each time."""
        widths = {"channels": len(self.channels)}
        return sum(widths.get(view, len(self.movements)) for view in self.config.views)

    @property
    def n_drift_sections(self) -> int:
        """Sections of the longest of the filters that are subtracted."""
        return max(len(design.sections) for design in filter_designs()[1:])

    @cached_property
    def steps(self) -> list[int]:
        """Number of time steps before the convolutions, and after each of them."""
        kernel, stride = self.config.conv_kernel, self.config.conv_stride
        steps = [self.n_timesteps]
        for _ in range(self.n_convolutions):
            steps.append((steps[-1] + 2 * (kernel // 2) - kernel) // stride + 1)
        return steps

    @property
    def n_outputs(self) -> int:
        """Outputs of an LSTM layer at each time."""
        return self.config.hidden_size * self.n_directions

    @property
    def n_skipped(self) -> int:
        """Means of the convolutions' outputs among the features."""
        return self.config.conv_channels if self.config.conv_skip else 0

    @property
    def n_features(self) -> int:
        """Inputs of the classifier."""
        n_pooled = self.n_outputs * (2 if self.config.pooling == "mean_max" else 1)
        return n_pooled + self.n_skipped

    @property
    def n_filtered(self) -> int:
        """Samples of a window after the filters that tell the heading."""
        return self.n_timesteps - self.n_taps + 1

    @property
    def n_references(self) -> int:
        """Vectors that tell the heading."""
        n = len(self.turning)
        return self.n_scales * n * (2 * n + 1) + 1

    @property
    def scratch(self) -> tuple[int, int]:
        """Values in the two arrays between which layers go back and forth."""
        config, n_steps = self.config, self.steps[-1]
        stages = [self.n_timesteps * self.n_viewed]
        stages += [n * config.conv_channels for n in self.steps[1:]]
        stages += [n_steps * config.embedding_size] if config.embedding_size else []
        stages += [n_steps * self.n_outputs] * config.n_layers
        # What is computed before the layers, and attention after them.
        if config.summary_size:
            stages[0] = max(stages[0], 4 * self.n_timesteps)
        if self.is_aligned:
            stages[0] = max(stages[0], 4 * len(self.turning) * self.n_filtered)
        stages += [self.n_outputs + n_steps] if config.pooling == "attention" else []
        return max(stages[::2]), max(stages[1::2])

    def constants(self) -> dict[str, int]:
        """Return the macros of the header."""
        one, other = self.scratch
        config = self.config
        return {
            "HAR_N_ACTIVITIES": self.n_activities,
            "HAR_N_RAW": self.n_raw,
            "HAR_N_CHANNELS": len(self.channels),
            "HAR_N_TIMESTEPS": self.n_timesteps,
            "HAR_HOP": WINDOW_STEP,
            "HAR_NOISE_SECTIONS": len(filter_designs()[0].sections),
            "HAR_DRIFT_SECTIONS": self.n_drift_sections,
            "HAR_N_NETWORKS": config.n_members,
            "HAR_ALIGN_HEADING": int(self.is_aligned),
            "HAR_N_TURNING": len(self.turning),
            "HAR_N_TAPS": self.n_taps,
            "HAR_N_FILTERED": self.n_filtered,
            "HAR_N_SCALES": self.n_scales,
            "HAR_N_REFERENCES": self.n_references,
            "HAR_N_MOVEMENTS": len(self.movements),
            "HAR_N_VIEWED": self.n_viewed,
            "HAR_N_CONVOLUTIONS": self.n_convolutions,
            "HAR_CONV_KERNEL": config.conv_kernel,
            "HAR_CONV_STRIDE": config.conv_stride,
            "HAR_CONV_SKIP": int(config.conv_skip),
            "HAR_N_SKIPPED": self.n_skipped,
            "HAR_EMBEDDING_SIZE": config.embedding_size,
            "HAR_N_LAYERS": config.n_layers,
            "HAR_N_DIRECTIONS": self.n_directions,
            "HAR_HIDDEN_SIZE": config.hidden_size,
            "HAR_N_FEATURES": self.n_features,
            "HAR_SUMMARY_SIZE": config.summary_size,
            "HAR_N_SUMMARY": self.triads.n_features(len(self.channels)),
            "HAR_N_SIGNALS": self.triads.n_signals(len(self.channels)),
            "HAR_N_LAGS": len(LAGS),
            "HAR_N_BANDS": N_BANDS,
            "HAR_SCRATCH_ONE": one,
            "HAR_SCRATCH_OTHER": other,
        }

    @property
    def n_bytes_of_filters(self) -> int:
        """Constants of the filters."""
        n_sections = len(filter_designs()[0].sections) + self.n_raw // 3 * self.n_drift_sections
        return 7 * n_sections * _N_BYTES_OF_DOUBLE

    @property
    def n_bytes_of_state(self) -> int:
        """Size of a ``har_state``."""
        n_sections = len(filter_designs()[0].sections) + self.n_drift_sections
        n_doubles = self.n_raw * n_sections * 2
        config, n_window = self.config, self.n_timesteps * len(self.channels)
        n_floats = 2 * self.n_raw + n_window * (2 if self.is_aligned else 1)
        n_floats += sum(self.scratch) + self.n_features + 5 * config.hidden_size
        if config.summary_size:
            n_floats += self.triads.n_features(len(self.channels)) + config.summary_size
        n_floats += 2 * self.n_activities
        n_bytes = n_doubles * _N_BYTES_OF_DOUBLE + n_floats * _N_BYTES_OF_FLOAT
        n_bytes += 2 * _N_BYTES_OF_COUNTER
        # As doubles are aligned.
        return -(-n_bytes // _N_BYTES_OF_DOUBLE) * _N_BYTES_OF_DOUBLE

    @property
    def n_products(self) -> int:
        """Multiply-adds in a window, those of its new samples' filters included."""
        config = self.config
        n_sections = len(filter_designs()[0].sections) + self.n_drift_sections
        of_filters = WINDOW_STEP * self.n_raw * n_sections * 5
        n_aligned = config.n_members if config.align_heading else config.n_aligned_members
        return of_filters + config.n_members * self._of_network() + n_aligned * self._of_heading()

    def _of_network(self) -> int:
        config, n_steps, n_inputs = self.config, self.steps[-1], self.n_viewed
        n = 0
        for n_out in self.steps[1:]:
            n += n_out * config.conv_channels * config.conv_kernel * n_inputs
            n_inputs = config.conv_channels
        if config.embedding_size:
            n += n_steps * config.embedding_size * n_inputs
            n_inputs = config.embedding_size
        for _ in range(config.n_layers):
            n += (
                n_steps
                * self.n_directions
                * 4
                * config.hidden_size
                * (n_inputs + config.hidden_size)
            )
            n_inputs = self.n_outputs
        if config.pooling == "attention":
            n += n_steps * self.n_outputs * (self.n_outputs + 2)
        return n + self.n_features * self.n_activities + self._of_summary()

    def _of_summary(self) -> int:
        if not self.config.summary_size:
            return 0
        n = self.n_timesteps
        n_features = self.triads.n_features(len(self.channels))
        of_signal = n * (1 + len(LAGS)) + n + 2 * n * (n // 2)
        of_dense = self.config.summary_size * (n_features + self.n_activities)
        return self.triads.n_signals(len(self.channels)) * of_signal + of_dense

    def _of_heading(self) -> int:
        n = len(self.turning)
        of_scale = 4 * n * self.n_filtered * (self.n_taps + 2) + 4 * n * n * self.n_filtered
        return self.n_scales * of_scale + 12 * self.n_references
