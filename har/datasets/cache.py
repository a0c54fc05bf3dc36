"""A cache of windows as memory-mapped arrays.

Reading text takes seconds and rebuilding windows from raw recordings a little longer; mapping the
arrays takes milliseconds. Where the cache cannot be written, everything works without it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from har.datasets.dataset import SPLITS, DataSet, TrainingSet
from har.errors import DataError, reason_of
from har.files import whole_folder
from har.signals.windows import Windows

logger = logging.getLogger(__name__)

_ARRAYS = ("signals", "labels", "subjects")
_FACTS = ("name", "source", "fingerprint", "notes")
_AXES = ("channels", "activities", "rate_hz")
# Part of a cache folder's name; increased when the stored format changes.
_FORMAT = 3
# Raised when a missing or damaged cache is read.
_DAMAGES = (OSError, EOFError, ValueError, KeyError, TypeError, DataError)


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
        facts, train, test = _load(key, SPLITS)
        notes = tuple(facts["notes"])
        return DataSet(facts["name"], train, test, facts["source"], facts["fingerprint"], notes)
    except _DAMAGES as error:
        logger.debug("Found no cached windows: %s", error)
        return None


def load_cached_training(key: str) -> TrainingSet | None:
    """Return only the training windows stored under a key; see `load_cached`."""
    try:
        facts, train = _load(key, ("train",))
        return TrainingSet(facts["name"], train, facts["source"], tuple(facts["notes"]))
    except _DAMAGES as error:
        logger.debug("Found no cached windows: %s", error)
        return None


def _load(key: str, splits: Iterable[str]) -> tuple[Any, ...]:
    """Read the facts and map the windows of each split."""
    folder = _folder_of(key)
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    axes = {"rate_hz": facts["rate_hz"]}
    axes |= {name: tuple(facts[name]) for name in ("channels", "activities")}
    loaded = facts, *(_load_split(folder, split, axes) for split in splits)
    logger.debug("Found cached windows in %s", folder)
    return loaded


def _load_split(folder: Path, split: str, axes: dict[str, Any]) -> Windows:
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
            for split, windows in data.splits.items():
                for name in _ARRAYS:
                    np.save(folder / f"{split}_{name}.npy", getattr(windows, name))
            facts = {name: getattr(data, name) for name in _FACTS}
            facts |= {name: getattr(data.train, name) for name in _AXES}
            (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    except OSError as error:
        # It is read anew each time.
        logger.warning(
            "the cache %s cannot be written (%s); HAR_CACHE names another folder",
            _folder_of(key).parent,
            reason_of(error),
        )
