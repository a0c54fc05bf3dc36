"""Loading a data set: from the path a user names, else ``data/``, else by download."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import replace
from pathlib import Path

from har.config import FIXED_SETS, DataConfig, Sensors
from har.datasets import cache
from har.datasets.catalogue import PUBLISHED
from har.datasets.dataset import (
    SPLITS,
    DataSet,
    TrainingSet,
    join_splits,
    select_activities,
    select_sensors,
    select_training_activities,
    select_training_sensors,
)
from har.datasets.download import fetch
from har.datasets.file_trees import fingerprint
from har.datasets.own.recordings_table import TABLE
from har.datasets.own_recordings import read_own_recordings
from har.datasets.published.readers import READERS, check_known
from har.errors import ConfigError, DataError
from har.signals.windows import Windows

DATA_FOLDER = Path("data")

logger = logging.getLogger(__name__)


def load_uci_har(root: str | Path | None = None) -> tuple[Windows, Windows]:
    """Load the two official splits of UCI HAR.

    Parameters
    ----------
    root : str or Path, optional
        An unpacked folder, a zip, or a folder that contains either. Default: the path in
        ``HAR_DATA``, else ``data/``, to which it is downloaded if necessary.

    Returns
    -------
    train, test : Windows
        Shapes (7352, 128, 9) and (2947, 128, 9); signals are read-only memory maps if a cache can
        be written.

    Raises
    ------
    DataError
        If it can be neither found nor downloaded, or differs from the reference values of UCI HAR.
    """
    data = open_data(DataConfig(root=str(root) if root else None))
    return data.train, data.test


def open_data(config: DataConfig, needs_test: bool = True) -> DataSet:
    """Load a data set; download it if it is a published one that is not on this machine yet.

    Parameters
    ----------
    config : DataConfig
        Choice of the data set, its path, its sensors and its activities.
    needs_test : bool
        If False, a data set of which no test subjects are known is all training windows.

    Returns
    -------
    DataSet

    Raises
    ------
    DataError
        If it can be neither found nor downloaded, or differs from its reference values.
    ConfigError
        If it lacks the activities asked for, or no path is given for own recordings.
    """
    data = _find_whole(config, needs_test)
    if data is None and config.set not in PUBLISHED:
        raise ConfigError(f"data.root: found null, expected the folder with {TABLE}")
    return _chosen(data or _fetch_whole(config, DATA_FOLDER), config)


def open_training(config: DataConfig) -> TrainingSet:
    """Load the training windows of a data set, for code that must not see the test windows.

    The test windows are read only if the data set is not in the cache yet.

    Parameters
    ----------
    config : DataConfig
        As for `open_data`.

    Returns
    -------
    TrainingSet

    Raises
    ------
    HarError
        See `open_data`.
    """
    data = _find_cached_training(config)
    if data is None:
        whole = open_data(replace(config, activities=None, sensors=_sensors_to_read(config)))
        data = _find_cached_training(config) or TrainingSet(
            whole.name, whole.train, whole.source, whole.notes
        )
    data = select_training_sensors(data, config.sensors)
    return select_training_activities(data, config.activities) if config.activities else data


def open_all_subjects(config: DataConfig) -> TrainingSet:
    """Load the windows of everybody, also of test subjects, to be held out in turn.

    Parameters
    ----------
    config : DataConfig
        As for `open_data`; test subjects need not be named, and are ignored.

    Returns
    -------
    TrainingSet
        Windows of all subjects. Of a published data set, a note names its official test subjects.

    Raises
    ------
    HarError
        See `open_data`.
    """
    data = open_data(replace(config, test_subjects=None), needs_test=False)
    everybody = join_splits(data)
    note = f"All {len(everybody.windows.subject_names)} subjects are held out in turn"
    if len(data.test):
        official = ", ".join(map(str, data.test.subject_names))
        note += (
            f", the official test subjects {official} among them: these figures are not those of "
            "the official split, and nothing that is chosen by them can be tested on it"
        )
    logger.info("note: %s.", note)
    return replace(everybody, notes=(*everybody.notes, f"{note}."))


def _sensors_to_read(config: DataConfig) -> Sensors:
    """Return the sensors that a file must have: channels of fixed windows are left out later."""
    return "all" if config.set in FIXED_SETS else config.sensors


def _find_cached_training(config: DataConfig) -> TrainingSet | None:
    path = path_of(config) or (DATA_FOLDER if config.set in PUBLISHED else None)
    # Own recordings that were read without test subjects are not training windows alone.
    lacks_test = config.set not in PUBLISHED and config.test_subjects is None
    if path is None or not path.exists() or lacks_test:
        return None
    return cache.load_cached_training(_cache_key(config, path))


def find_data(config: DataConfig) -> DataSet | None:
    """Load a data set if it is already on this machine; see `open_data`.

    Returns
    -------
    DataSet or None
        None if no path is given and ``data/`` does not contain it.
    """
    data = _find_whole(config)
    return data and _chosen(data, config)


def fetch_data(config: DataConfig, folder: Path) -> DataSet:
    """Load a published data set from a folder; download it there first if it is missing.

    Parameters
    ----------
    config : DataConfig
        As for `open_data`, but `root` is ignored.
    folder : Path
        Folder with the data set, or to download it to.

    Returns
    -------
    DataSet

    Raises
    ------
    DataError
        If it cannot be downloaded, or differs from its reference values.
    """
    data = _open_folder(config, folder)
    return _chosen(data or _fetch_whole(config, folder), config)


def read_data(path: Path, config: DataConfig, needs_test: bool = True) -> DataSet | None:
    """Read a data set from a path, without checking it against reference values.

    Parameters
    ----------
    path : Path
        A folder or a file.
    config : DataConfig
        Choice of the data set and what is read of it; `root` and `activities` are ignored.
    needs_test : bool
        As for `open_data`.

    Returns
    -------
    DataSet or None
        None if the path does not contain it.

    Raises
    ------
    DataError
        If a file is missing or damaged.
    """
    if config.set == "recordings":
        return read_own_recordings(path, config, needs_test)
    return READERS[config.set].read(path, config, needs_test)


def _chosen(data: DataSet, config: DataConfig) -> DataSet:
    data = select_sensors(data, config.sensors)
    return select_activities(data, config.activities) if config.activities else data


def _find_whole(config: DataConfig, needs_test: bool = True) -> DataSet | None:
    """Open the data set at the path a user named, else the copy in ``data/``."""
    named = path_of(config)
    if named is None:
        return _open_folder(config, DATA_FOLDER) if config.set in PUBLISHED else None
    data = _open_at(config, named, needs_test)
    if data is None:
        published = PUBLISHED[config.set]
        raise DataError(f"{named}: found no {published.name} in it, expected {published.form}")
    return data


def path_of(config: DataConfig) -> Path | None:
    """Return the path that a user named, in the settings or as ``HAR_DATA``; None if neither."""
    named = config.root or os.environ.get("HAR_DATA")
    return Path(named).expanduser() if named else None


def _fetch_whole(config: DataConfig, folder: Path) -> DataSet:
    published = PUBLISHED[config.set]
    fetched = fetch(published, READERS[config.set].holds, folder)
    # The folder rather than the file, so that the cache finds it again by the folder.
    data = _open_folder(config, folder)
    if data is None:
        raise DataError(f"{fetched}: found no {published.name} in what was fetched, expected it")
    return data


def _open_folder(config: DataConfig, folder: Path) -> DataSet | None:
    return _open_at(config, folder) if folder.is_dir() else None


def _open_at(config: DataConfig, path: Path, needs_test: bool = True) -> DataSet | None:
    """Open the data set at a path, from the cache if it has been read before."""
    logger.debug("Looking for %s in %s", config.set, path)
    if not path.exists():
        raise DataError(f"{path}: found nothing, expected a folder or a zip with a data set")
    key = _cache_key(config, path)
    data = cache.load_cached(key)
    if data is not None and needs_test and not len(data.test):
        data = None
    if data is None:
        data = read_data(path, config, needs_test)
        if data is not None:
            for split in SPLITS:
                check_known(data, config.set, split)
            cache.store(key, data)
            data = cache.load_cached(key) or data
    return data


def _cache_key(config: DataConfig, path: Path) -> str:
    """Return the key of a path and its settings; activities are selected after loading."""
    facts = (
        fingerprint(path),
        config.test_subjects,
        config.subject_column,
        config.straddling,
        config.upright,
        config.chosen_placement,
        _sensors_to_read(config),
    )
    return f"{config.set}-{hashlib.sha256(repr(facts).encode()).hexdigest()[:16]}"
