"""Where UCI HAR comes from: the first of the named place, ``data/``, the archive, the mirror."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from har.datasets import cache, hapt, uci_har
from har.datasets.dataset import DataSet
from har.datasets.fetch import MIRROR_FILE, fetch
from har.datasets.trees import fingerprint, trees_at
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
) -> DataSet:
    """Load UCI HAR together with where it came from.

    Parameters
    ----------
    root : str or Path, optional
        As for `load_uci_har`.
    say : callable
        Told in a line what is being done, when it takes time.

    Returns
    -------
    DataSet

    Raises
    ------
    DataError
        If it cannot be had, or is not what is known of UCI HAR.
    """
    return _open_named(root, say) or fetch_uci_har(DATA_FOLDER, say)


def find_uci_har(
    root: str | Path | None = None, say: Callable[[str], None] = _say_nothing
) -> DataSet | None:
    """Load UCI HAR if it is on this machine already; see `open_uci_har`.

    Returns
    -------
    DataSet or None
        None if no place was named and nothing was fetched to ``data/`` before.
    """
    return _open_named(root, say) or _open_folder(DATA_FOLDER, say)


def fetch_uci_har(folder: Path, say: Callable[[str], None] = _say_nothing) -> DataSet:
    """Load UCI HAR from a folder, where it is downloaded to unless it is there already.

    Parameters
    ----------
    folder : Path
        Where to put the file that is downloaded.
    say : callable
        Told in a line what is being done.

    Returns
    -------
    DataSet

    Raises
    ------
    DataError
        If it cannot be had, or is not what is known of UCI HAR.
    """
    data = _open_folder(folder, say)
    if data is None:
        fetched = fetch(folder, say)
        # Not the file: so the cache knows the folder when it is opened again.
        data = _open_folder(folder, say)
        if data is None:
            raise DataError(f"{fetched}: found no UCI HAR in what was fetched, expected it")
    return data


def _open_named(root: str | Path | None, say: Callable[[str], None]) -> DataSet | None:
    named = root or os.environ.get("HAR_DATA")
    if not named:
        return None
    data = _open_at(Path(named).expanduser(), say)
    if data is None:
        raise DataError(
            f"{named}: found no UCI HAR in it, expected train/Inertial Signals/ and the like "
            "in a folder or a zip, or HAPT's RawData/"
        )
    return data


def _open_folder(folder: Path, say: Callable[[str], None]) -> DataSet | None:
    return _open_at(folder, say) if folder.is_dir() else None


def _open_at(path: Path, say: Callable[[str], None]) -> DataSet | None:
    """Open what lies at a path, from the cache if it has been read before."""
    if not path.exists():
        raise DataError(f"{path}: found nothing, expected a folder or a zip with UCI HAR")
    key = fingerprint(path)
    data = cache.load_cached(key)
    if data is None:
        data = read_uci_har(path, say)
        if data is not None:
            for split, windows in data.splits.items():
                uci_har.check_known(windows, split, data.source)
            cache.store(key, data)
            data = cache.load_cached(key) or data
    return data


def read_uci_har(path: Path, say: Callable[[str], None] = _say_nothing) -> DataSet | None:
    """Read whatever form of UCI HAR lies at a path, without comparing it with what is known.

    Parameters
    ----------
    path : Path
        A folder, a zip, or the mirror's file.
    say : callable
        Told in a line what is being done.

    Returns
    -------
    DataSet or None
        From published files if there are any, else from raw recordings; None without either.

    Raises
    ------
    DataError
        If a file is missing or damaged.
    """
    mirrors = [path] if path.is_file() else sorted(path.glob(f"**/{MIRROR_FILE}"))
    mirror = next(filter(hapt.is_mirror, mirrors), None)
    raw_trees = []
    for tree in trees_at(path) if mirror != path else ():
        if uci_har.holds_uci_har(tree):
            say(f"Reading {tree.place}")
            return _data(uci_har.read_published(tree), f"published files in {tree.place}")
        raw_trees += [tree] if hapt.holds_hapt(tree) else []
    for tree in raw_trees:
        say(f"Rebuilding the windows from the raw recordings in {tree.place}")
        return _rebuilt(hapt.read_recordings(tree), tree.place)
    if mirror:
        say(f"Rebuilding the windows from the raw recordings in {mirror}")
        recordings = hapt.read_mirror(mirror, uci_har.subject_of_experiment())
        return _rebuilt(recordings, f"{mirror}, mirror on the package index")
    return None


def _rebuilt(recordings: Mapping[int, Recording], place: str) -> DataSet:
    windows = uci_har.rebuild(recordings, place)
    return _data(windows, f"rebuilt from raw recordings in {place}")


def _data(windows: tuple[Windows, Windows], source: str) -> DataSet:
    return DataSet(uci_har.NAME, *windows, source, uci_har.content_fingerprint(*windows))
