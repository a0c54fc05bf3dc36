"""A recording: the raw signals of one person's phone, and the gaps in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from har.arrays import FloatArray
from har.errors import DataError, printable
from har.signals.channels import RAW_CHANNELS, SAMPLE_RATE_HZ
from har.signals.subjects import Subject

# Holes up to this length are filled by interpolation; longer ones are gaps.
LONGEST_HOLE_S = 0.1


@dataclass(frozen=True)
class Stretch:
    """Samples that follow each other without a gap.

    Parameters
    ----------
    first_sample : int
        Index of its first sample in the recording's `samples`.
    n_samples : int
        Number of its samples.
    start_s : float
        Start in seconds from the first sample in the file, which may be one that had to be left
        out.
    """

    first_sample: int
    n_samples: int
    start_s: float


@dataclass(frozen=True)
class Recording:
    """Raw signals of one person, and their origin.

    Parameters
    ----------
    samples : ndarray of float, shape (n_timesteps, n_channels)
        Acceleration in g, gravity included, and angular rate in rad/s.
    subject : int or str, or None
        The person who wore the phone, if known.
    source : str
        File or files that it was read from, for messages and reports.
    channels : tuple of str
        Names of the columns of `samples`.
    rate_hz : float
        Samples per second.
    notes : tuple of str
        Assumptions and corrections made on the way from the file, a line each.
    stretches : tuple of Stretch
        Parts between gaps, in order; they cover all samples. One, if none are given.

    Raises
    ------
    DataError
        If `samples` is not a table of finite numbers with a column per channel, or the stretches do
        not cover it.
    """

    samples: FloatArray
    subject: Subject | None
    source: str
    channels: tuple[str, ...] = RAW_CHANNELS
    rate_hz: float = SAMPLE_RATE_HZ
    notes: tuple[str, ...] = ()
    stretches: tuple[Stretch, ...] = ()

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.shape[1] != len(self.channels):
            raise DataError(
                f"{self.source}: found samples of shape {self.samples.shape}, "
                f"expected (n_timesteps, {len(self.channels)})"
            )
        if not np.isfinite(self.samples).all():
            row, channel = np.argwhere(~np.isfinite(self.samples))[0]
            raise DataError(
                f"{self.source}: found {self.samples[row, channel]} for {self.channels[channel]} "
                f"in sample {row + 1}, expected finite numbers"
            )
        # Notes repeat headings and cells, and are shown on terminals.
        object.__setattr__(self, "notes", tuple(map(printable, self.notes)))
        if not self.stretches:
            object.__setattr__(self, "stretches", (Stretch(0, len(self.samples), 0.0),))
        lengths = [stretch.n_samples for stretch in self.stretches]
        ends = np.cumsum(lengths).tolist()
        starts = [stretch.first_sample for stretch in self.stretches]
        starts_s = np.array([stretch.start_s for stretch in self.stretches])
        if not np.isfinite(starts_s).all():
            raise DataError(
                f"{self.source}: found stretches that start at no time, expected seconds"
            )
        if starts != [0, *ends[:-1]] or ends[-1] != len(self.samples):
            raise DataError(
                f"{self.source}: found stretches that start at samples {starts} and end at {ends}, "
                f"expected them to cover {len(self.samples)} samples without overlap"
            )

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.samples)

    @property
    def duration_s(self) -> float:
        """From the first sample to the end of the last, gaps included."""
        last = self.stretches[-1]
        return last.start_s + last.n_samples / self.rate_hz
