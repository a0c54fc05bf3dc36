"""Where UCI HAR comes from: the first of the named place, ``data/``, the archive, the mirror."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from har.datasets import cache, hapt, uci_har
from har.datasets.fetch import MIRROR_FILE, fetch
from har.datasets.trees import fingerprint, trees_at
from har.datasets.uci_har import SPLITS, UciHar
from har.errors import DataError
from har.recording import Recording
from har.windows import Windows

DATA_FOLDER = Path("data")


def _say_nothing(_line: str) -> None:
    return


def load_uci_har(root: str | Path | None = None) -> tuple[Windows, Windows]:
    """Load the two official splits of UCI HAR.

    Parameters
    ----------
    root : str or Path, optional
        An unpacked folder, a zip, or a folder that holds either. Otherwise ``HAR_DATA`` names it;
        otherwise it is taken from ``data/``, where it is downloaded to if need be.

    Returns
    -------
    train, test : Windows
        Shapes (7352, 128, 9) and (2947, 128, 9); signals are read-only maps of a cache on disk,
        where one can be written.

    Raises
    ------
    DataError
        If it cannot be had, or is not what is known of UCI HAR.
    """
    data = open_uci_har(root)
    return data.train, data.test


def open_uci_har(
    root: str | Path | None = None, say: Callable[[str], None] = _say_nothing
) -> UciHar:
    """Load UCI HAR together with where it came from.

    Parameters
    ----------
    root : str or Path, optional
        As for `load_uci_har`.
    say : callable
        Told in a line what is being done, when it takes time.

    Returns
    -------
    UciHar

    Raises
    ------
    DataError
        If it cannot be had, or is not what is known of UCI HAR.
    """
    named = root or os.environ.get("HAR_DATA")
    if named:
        data = _open_at(Path(named).expanduser(), say)
        if data is None:
            raise DataError(
                f"{named}: found no UCI HAR in it, expected train/Inertial Signals/ and the like "
                "in a folder or a zip, or HAPT's RawData/"
            )
        return data
    data = _open_at(DATA_FOLDER, say) if DATA_FOLDER.is_dir() else None
    return data or _open_fetched(fetch(DATA_FOLDER, say), say)


def _open_fetched(path: Path, say: Callable[[str], None]) -> UciHar:
    data = _open_at(path, say)
    if data is None:
        raise DataError(f"{path}: found no UCI HAR in what was fetched, expected it")
    return data


def _open_at(path: Path, say: Callable[[str], None]) -> UciHar | None:
    """Open what lies at a path, from the cache if it has been read before."""
    if not path.exists():
        raise DataError(f"{path}: found nothing, expected a folder or a zip with UCI HAR")
    key = fingerprint(path)
    data = cache.load_cached(key)
    if data is None:
        data = _read(path, say)
        if data is not None:
            cache.store(key, data)
            data = cache.load_cached(key) or data
    return data


def _read(path: Path, say: Callable[[str], None]) -> UciHar | None:
    """Read and check whatever form of the data set lies at a path, published files first."""
    mirrors = [path] if path.is_file() else sorted(path.glob(f"**/{MIRROR_FILE}"))
    mirror = next(filter(hapt.is_mirror, mirrors), None)
    raw_trees = []
    for tree in trees_at(path) if mirror != path else ():
        if uci_har.holds_uci_har(tree):
            say(f"Reading {tree.place}")
            return _checked(uci_har.read_published(tree), f"published files in {tree.place}")
        raw_trees += [tree] if hapt.holds_hapt(tree) else []
    for tree in raw_trees:
        say(f"Rebuilding the windows from the raw recordings in {tree.place}")
        return _rebuilt(hapt.read_recordings(tree), tree.place)
    if mirror:
        say(f"Rebuilding the windows from the raw recordings in {mirror}")
        recordings = hapt.read_mirror(mirror, uci_har.subject_of_experiment())
        return _rebuilt(recordings, f"{mirror}, mirror on the package index")
    return None


def _rebuilt(recordings: Mapping[int, Recording], place: str) -> UciHar:
    windows = uci_har.rebuild(recordings, place)
    return _checked(windows, f"rebuilt from raw recordings in {place}")


def _checked(windows: tuple[Windows, Windows], source: str) -> UciHar:
    for split, part in zip(SPLITS, windows, strict=True):
        uci_har.check_known(part, split, source)
    return UciHar(*windows, source, uci_har.content_fingerprint(*windows))
