"""A data set as everything above reads it: two splits, what it is called and where it came from."""

from __future__ import annotations

from dataclasses import dataclass

from har.windows import Windows

SPLITS = ("train", "test")


@dataclass(frozen=True)
class DataSet:
    """Windows to train on and windows to test on, and where they came from.

    Parameters
    ----------
    name : str
        ``"UCI HAR"``, ``"HAPT"``, or the name of a user's folder.
    train, test : Windows
        No subject is in both.
    source : str
        What was read, in words for a report.
    fingerprint : str
        Digest of the content, the same for every source of the same windows.
    notes : tuple of str
        What a person should know of it, a line each: what was left out, what was assumed.
    """

    name: str
    train: Windows
    test: Windows
    source: str
    fingerprint: str
    notes: tuple[str, ...] = ()

    @property
    def splits(self) -> dict[str, Windows]:
        """The windows by the name of their split, one of `SPLITS`."""
        return dict(zip(SPLITS, (self.train, self.test), strict=True))
