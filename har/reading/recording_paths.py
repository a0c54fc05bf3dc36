"""The recordings that a person means by files, folders and patterns such as ``data/*.csv``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from pathlib import Path

from har.errors import DataError
from har.reading.sensors.files import is_export

# Endings of files that may hold a recording; a folder may hold anything else, too.
_ENDINGS = {
    *(".csv", ".txt", ".tsv", ".dat", ".log", ".json", ".jsonl", ".xlsx"),
    *(".parquet", ".pq", ".gz", ".zip"),
}
_READ_ME = re.compile(
    r"(read[-_ ]?me|licen[cs]e|metadata|recordings|summary|finished)\b.*", re.IGNORECASE
)
_WRITTEN_HERE = re.compile(r".*-timeline(-segments|-about)?\.(csv|parquet|pq|json)")
# Apps write a few files for each sensor that a phone has.
_MOST_IN_EXPORT = 40


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
    """Return whether a folder is an app's export, with a file for each sensor.

    Raises
    ------
    DataError
        If a file in it is a damaged zip.
    """
    n_files = sum(_may_be_recording(file) for file in folder.iterdir())
    return 2 <= n_files <= _MOST_IN_EXPORT and is_export(folder)


def _recordings_at(path: Path) -> Iterator[Path]:
    if not path.is_dir() or holds_one_recording(path):
        yield path
        return
    for parent, folders, names in os.walk(path):
        folder = Path(parent)
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
