"""A cache of windows as memory-mapped arrays.

Reading text takes seconds and rebuilding windows from raw recordings a little longer; mapping the
arrays takes milliseconds. Where the cache cannot be written, everything works without it. Each file
has a checksum, so that whatever is damaged is made anew.
"""

from __future__ import annotations

import json
import logging
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from har.datasets.dataset import SPLITS, DataSet, TrainingSet
from har.errors import DataError, parsing, reason_of
from har.files import open_regular, read_regular, whole_folder
from har.signals.windows import Windows

logger = logging.getLogger(__name__)

_Facts = dict[str, Any]

_ARRAYS = ("signals", "labels", "subjects")
_FACTS = ("name", "source", "fingerprint", "notes")
_AXES = ("channels", "activities", "rate_hz")
# Part of a cache folder's name; increased when the stored format changes.
_FORMAT = 4
_MOST_BYTES_OF_FACTS = 1 << 20
_BYTES_AT_A_TIME = 1 << 20


def cache_folder() -> Path:
    """Return the folder for caches: ``HAR_CACHE``, or the user's cache folder."""
    return Path(os.environ.get("HAR_CACHE") or platformdirs.user_cache_dir("har"))


def _folder_of(key: str) -> Path:
    return cache_folder() / f"{_FORMAT}-{key}"


def load_cached(key: str) -> DataSet | None:
    """Return the data set stored under a key.

    Parameters
    ----------
    key : str
        Key made of the source's fingerprint and the settings it is read with.

    Returns
    -------
    DataSet or None
        None if the entry is missing or damaged; signals are read-only memory maps.
    """
    try:
        with parsing(_folder_of(key), "cached windows"):
            facts, train, test = _load(key, SPLITS)
            notes = tuple(facts["notes"])
            return DataSet(facts["name"], train, test, facts["source"], facts["fingerprint"], notes)
    except DataError as error:
        logger.debug("Found no cached windows: %s", error)
        return None


def load_cached_training(key: str) -> TrainingSet | None:
    """Return only the training windows stored under a key; see `load_cached`."""
    try:
        with parsing(_folder_of(key), "cached windows"):
            facts, train = _load(key, ("train",))
            return TrainingSet(facts["name"], train, facts["source"], tuple(facts["notes"]))
    except DataError as error:
        logger.debug("Found no cached windows: %s", error)
        return None


def _load(key: str, splits: Iterable[str]) -> tuple[Any, ...]:
    """Read the facts and map the windows of each split."""
    folder = _folder_of(key)
    facts = _read_facts(folder / "facts.json")
    for split in splits:
        for name in _ARRAYS:
            _check(folder / f"{split}_{name}.npy", facts["checksums"][split][name])
    axes = {"rate_hz": facts["rate_hz"]}
    axes |= {name: tuple(facts[name]) for name in ("channels", "activities")}
    loaded = facts, *(_load_split(folder, split, axes) for split in splits)
    logger.debug("Found cached windows in %s", folder)
    return loaded


def _read_facts(file: Path) -> _Facts:
    content = json.loads(read_regular(file, _MOST_BYTES_OF_FACTS))
    facts: _Facts = content["facts"]
    if content["checksum"] != _checksum_of(facts):
        raise ValueError(f"{file}: found other facts than were stored")
    return facts


def _checksum_of(facts: _Facts) -> int:
    return zlib.crc32(json.dumps(facts, sort_keys=True).encode("ascii"))


def _check(file: Path, checksum: list[int]) -> None:
    """Refuse a file of another size or checksum, before its header is believed."""
    if _checksum(file) != checksum:
        raise ValueError(f"{file}: found another file than was stored")


def _checksum(file: Path) -> list[int]:
    """Return a file's size and CRC-32, which reads a gigabyte in a second."""
    n_bytes = checksum = 0
    with open_regular(file) as stream:
        while block := stream.read(_BYTES_AT_A_TIME):
            n_bytes += len(block)
            checksum = zlib.crc32(block, checksum)
    return [n_bytes, checksum]


def _load_split(folder: Path, split: str, axes: _Facts) -> Windows:
    arrays = (np.load(folder / f"{split}_{name}.npy", mmap_mode="r") for name in _ARRAYS)
    return Windows(*arrays, **axes)


def store(key: str, data: DataSet) -> None:
    """Store windows under a key; do nothing if the cache cannot be written.

    Parameters
    ----------
    key : str
        Key made of the source's fingerprint and the settings it is read with.
    data : DataSet
        Data set to store.
    """
    try:
        with whole_folder(_folder_of(key)) as folder:
            checksums: dict[str, dict[str, list[int]]] = {}
            for split, windows in data.splits.items():
                checksums[split] = {}
                for name in _ARRAYS:
                    file = folder / f"{split}_{name}.npy"
                    np.save(file, getattr(windows, name))
                    checksums[split][name] = _checksum(file)
            facts = {name: getattr(data, name) for name in _FACTS}
            facts |= {name: getattr(data.train, name) for name in _AXES}
            facts["checksums"] = checksums
            content = json.dumps({"facts": facts, "checksum": _checksum_of(facts)})
            (folder / "facts.json").write_text(content, encoding="utf-8")
    except OSError as error:
        # It is read anew each time.
        logger.warning(
            "the cache %s cannot be written (%s); HAR_CACHE names another folder",
            _folder_of(key).parent,
            reason_of(error),
        )
