"""Readers of the published data sets, keyed by their names in settings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from har.config import DataConfig
from har.datasets import hapt, hapt_recordings, uci_har
from har.datasets.catalogue import UCI_HAR
from har.datasets.dataset import DataSet, content_fingerprint
from har.datasets.file_trees import FileTree, trees_at
from har.datasets.hapt_recordings import MIRROR_FILE
from har.datasets.published.hhar import HHAR_SET
from har.datasets.published.mhealth import MHEALTH_SET
from har.datasets.published.motionsense import MOTIONSENSE_SET
from har.datasets.published.pamap2 import PAMAP2_SET
from har.datasets.published.recorded_sets import RecordedSet, check_recorded, read_recorded
from har.datasets.published.unimib_shar import UNIMIB_SHAR_SET
from har.datasets.published.wisdm import WISDM_2011_SET, WISDM_2019_SET
from har.signals.recording import Recording
from har.signals.windows import Windows

logger = logging.getLogger(__name__)


def _read_uci_har(path: Path, _config: DataConfig, _needs_test: bool) -> DataSet | None:
    """Read the published windows, else rebuild them from raw recordings; None without either."""
    mirrors = [path] if path.is_file() else sorted(path.glob(f"**/{MIRROR_FILE}"))
    mirror = next(filter(hapt_recordings.is_mirror, mirrors), None)
    raw_trees = []
    for tree in trees_at(path) if mirror != path else ():
        if uci_har.holds_uci_har(tree):
            logger.info("Reading %s", tree.place)
            return _uci_har(uci_har.read_published(tree), f"published files in {tree.place}")
        raw_trees += [tree] if hapt_recordings.holds_recordings(tree) else []
    for tree in raw_trees:
        logger.info("Rebuilding the windows from the raw recordings in %s", tree.place)
        return _rebuilt(hapt_recordings.read_recordings(tree), tree.place)
    if mirror:
        logger.info("Rebuilding the windows from the raw recordings in %s", mirror)
        recordings = hapt_recordings.read_mirror(mirror, uci_har.subject_of_experiment())
        return _rebuilt(recordings, f"{mirror}, mirror on the package index")
    return None


def _rebuilt(recordings: Mapping[int, Recording], place: str) -> DataSet:
    windows = uci_har.rebuild(recordings, place)
    return _uci_har(windows, f"rebuilt from raw recordings in {place}")


def _uci_har(windows: tuple[Windows, Windows], source: str) -> DataSet:
    return DataSet(UCI_HAR.name, *windows, source, content_fingerprint(*windows))


def _read_hapt(path: Path, _config: DataConfig, _needs_test: bool) -> DataSet | None:
    """Read HAPT; None without ``labels.txt``, which the mirror does not have either."""
    if hapt_recordings.is_mirror(path):
        return None
    for tree in trees_at(path):
        if hapt.holds_hapt(tree):
            logger.info("Cutting windows from the raw recordings in %s", tree.place)
            return hapt.read_hapt(tree)
    return None


def check_known(data: DataSet, kind: str, split: str) -> None:
    """Check a split of a published data set against its reference values.

    Parameters
    ----------
    data : DataSet
        Data set that was read.
    kind : str
        Its name in settings; ``"recordings"`` has no reference values.
    split : str
        ``"train"`` or ``"test"``.

    Raises
    ------
    DataError
        If they differ; names the first difference.
    """
    if kind in READERS:
        READERS[kind].check_known(data.splits[split], split, data.source)


@dataclass(frozen=True)
class Reader:
    """Functions that recognise a data set in a tree of files, read it, and check a split of it."""

    holds: Callable[[FileTree], bool]
    read: Callable[[Path, DataConfig, bool], DataSet | None]
    check_known: Callable[[Windows, str, str], None]


def _reader_of(published: RecordedSet) -> Reader:
    """Return the reader of a set of recordings with names of activities."""

    def read(path: Path, config: DataConfig, needs_test: bool) -> DataSet | None:
        tree = next(filter(published.holds, trees_at(path)), None)
        return None if tree is None else read_recorded(published, tree, config, needs_test)

    return Reader(published.holds, read, partial(check_recorded, published))


# Keyed by their names in settings.
READERS: dict[str, Reader] = {
    "uci_har": Reader(uci_har.holds_uci_har, _read_uci_har, uci_har.check_known),
    "hapt": Reader(hapt.holds_hapt, _read_hapt, hapt.check_known),
    "motionsense": _reader_of(MOTIONSENSE_SET),
    "wisdm_2011": _reader_of(WISDM_2011_SET),
    "wisdm_2019": _reader_of(WISDM_2019_SET),
    "pamap2": _reader_of(PAMAP2_SET),
    "mhealth": _reader_of(MHEALTH_SET),
    "hhar": _reader_of(HHAR_SET),
    "unimib_shar": _reader_of(UNIMIB_SHAR_SET),
}
