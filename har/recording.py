"""A recording: what the sensors of one person's phone measured, sample after sample."""

from __future__ import annotations

from dataclasses import dataclass

from har.errors import DataError
from har.signals import RAW_CHANNELS, SAMPLE_RATE_HZ, FloatArray


@dataclass(frozen=True)
class Recording:
    """Raw signals of one person, and where they come from.

    Parameters
    ----------
    samples : ndarray of float64, shape (n_timesteps, n_channels)
        Acceleration in g, gravity included, and angular rate in rad/s.
    subject : int
        Who wore the phone.
    source : str
        The file or files it was read from, for messages and reports.
    channels : tuple of str
        Names of the columns of `samples`.
    rate_hz : float
        Samples per second.

    Raises
    ------
    DataError
        If `samples` is not a table with a column per channel.
    """

    samples: FloatArray
    subject: int
    source: str
    channels: tuple[str, ...] = RAW_CHANNELS
    rate_hz: float = SAMPLE_RATE_HZ

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.shape[1] != len(self.channels):
            raise DataError(
                f"{self.source}: found samples of shape {self.samples.shape}, "
                f"expected (n_timesteps, {len(self.channels)})"
            )

    def __len__(self) -> int:
        """Count the samples."""
        return len(self.samples)
