"""The identity of a data set: shared by the data sets that are read and the manifests of runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class DataDescription:
    """Name, origin and size of a data set; None for what is not known.

    Parameters
    ----------
    name : str or None
        ``"UCI HAR"``, ``"HAPT"``, or the name of a user's folder.
    source : str or None
        Files it was read from, in words for a report.
    notes : tuple of str
        Facts that a person should know, a line each.
    fingerprint : str or None
        Digest of the content.
    n_train_windows, n_test_windows : int or None
        Windows in each split; None also for a split that was not read.
    """

    name: str | None = None
    source: str | None = None
    notes: tuple[str, ...] = ()
    fingerprint: str | None = None
    n_train_windows: int | None = None
    n_test_windows: int | None = None

    def to_dict(self) -> dict[str, object]:
        """Return what is known, ready for JSON; nothing if nothing is."""
        if self == DataDescription():
            return {}
        known = {key: value for key, value in asdict(self).items() if value is not None}
        return known | {"notes": list(self.notes)}
