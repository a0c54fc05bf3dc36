"""The recordings that a person means by files, folders and patterns such as ``data/*.csv``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from pathlib import Path

from har.errors import DataError

# Endings of files that may hold a recording; a folder may hold anything else, too.
_ENDINGS = {
    *(".csv", ".txt", ".tsv", ".dat", ".log", ".json", ".jsonl", ".xlsx"),
    *(".parquet", ".pq", ".gz", ".zip"),
}
_READ_ME = re.compile(r"(read[-_ ]?me|licen[cs]e|metadata|recordings)\b.*", re.IGNORECASE)
_WRITTEN_HERE = re.compile(r".*-timeline(-segments|-about)?\.(csv|parquet|pq|json)")
_ACC, _GYRO = (re.compile(pattern, re.IGNORECASE) for pattern in ("acc", "gyr"))
_UNCALIBRATED = re.compile("uncal", re.IGNORECASE)

# The file that marks a folder as written by a batch of predictions.
FINISHED = "finished.jsonl"


def find_recordings(paths: Iterable[Path]) -> list[Path]:
    """Return the recordings at paths.

    Parameters
    ----------
    paths : iterable of Path
        Files, which are taken as they are; folders, in and below which files are taken whose ending
        is that of a table; patterns of `glob`, where there is no file of that name.

    Returns
    -------
    list of Path
        Each once: those of a path in the order of their names. A folder with a file for each sensor
        is one recording.

    Raises
    ------
    DataError
        If there is nothing at a path, or no recording in it.
    """
    found: dict[Path, None] = {}
    for path in paths:
        matches = sorted(map(Path, glob(str(path), recursive=True))) if is_pattern(path) else [path]
        inside = [file for match in matches for file in _recordings_at(match)]
        if not inside:
            what = "no recording in it" if path.is_dir() else "nothing"
            raise DataError(f"{path}: found {what}, expected recordings")
        found.update(dict.fromkeys(inside))
    return list(found)


def is_pattern(path: Path) -> bool:
    """Return whether a path is a pattern rather than a file or folder."""
    return has_magic(str(path)) and not path.exists()


def holds_one_recording(folder: Path) -> bool:
    """Return whether a folder is an app's export: a file with accelerations, one with turning."""
    try:
        names = [file.name for file in folder.iterdir() if _may_be_recording(file)]
    except OSError:
        return False
    calibrated = [name for name in names if not _UNCALIBRATED.search(name)]
    n_gyroscopes = sum(bool(_GYRO.search(name)) for name in calibrated)
    n_accelerometers = sum(bool(_ACC.search(name)) for name in calibrated)
    # Beside the accelerometer, apps write acceleration without gravity.
    return n_gyroscopes == 1 and n_accelerometers in (1, 2)


def _recordings_at(path: Path) -> Iterator[Path]:
    if not path.is_dir() or holds_one_recording(path):
        yield path
        return
    for parent, folders, names in os.walk(path):
        folder = Path(parent)
        if FINISHED in names:
            folders.clear()
            continue
        exports = [name for name in folders if holds_one_recording(folder / name)]
        folders[:] = sorted(n for n in folders if not n.startswith(".") and n not in exports)
        files = [name for name in names if _may_be_recording(folder / name)]
        yield from (folder / name for name in sorted([*files, *exports]))


def _may_be_recording(file: Path) -> bool:
    return (
        file.suffix.lower() in _ENDINGS
        and file.is_file()
        and not file.name.startswith(".")
        and not _READ_ME.fullmatch(file.name)
        and not _WRITTEN_HERE.fullmatch(file.name)
    )
