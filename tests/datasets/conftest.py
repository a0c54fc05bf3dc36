"""Small data sets in the published layout, and a check of error messages."""

from __future__ import annotations

import io
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from har.datasets.dataset import content_fingerprint
from har.errors import DataError
from har.signals.channels import UCI_CHANNELS
from har.signals.windows import Windows

FOLDER = "UCI HAR Dataset/"
LABELS_AND_SUBJECTS = {
    "train": ([1, 2, 3, 4, 5, 6], [1, 1, 3, 3, 5, 5]),
    "test": ([1, 2, 4, 6], [2, 2, 4, 4]),
}


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@dataclass
class MemoryTree:
    """A `FileTree` of files in memory."""

    files: dict[str, bytes]
    place: str = "tree"

    @property
    def names(self):
        return tuple(self.files)

    def read(self, name):
        return self.files[name]


@dataclass
class SmallCopy(MemoryTree):
    """A few windows as published text files, and as the expected `Windows`."""

    train: Windows = None
    test: Windows = None

    @property
    def fingerprint(self):
        return content_fingerprint(self.train, self.test)

    def as_folder(self, path: Path) -> Path:
        for name, content in self.files.items():
            write(path / name, content)
        return path

    def as_zip(self, path: Path) -> Path:
        return write(path, zipped(self.files))

    def as_zip_in_zip(self, path: Path) -> Path:
        inner = {"UCI HAR Dataset.zip": zipped(self.files), "UCI HAR Dataset.names": b"About\n"}
        return write(path, zipped(inner))


def printed(value: float) -> str:
    """Format a number as in the published files: seven digits and a zero, `  1.8085150e-004`."""
    mantissa, exponent = f"{float(f'{value:.6e}'):.7e}".split("e")
    return f"{mantissa}e{int(exponent):+04d}".rjust(16)


def lines_of(rows, newline: str) -> bytes:
    return "".join(f"{row}{newline}" for row in rows).encode()


def make_small_copy(seed: int = 0, newline: str = "\n") -> SmallCopy:
    random = np.random.default_rng(seed)
    files, splits = {}, {}
    for split, (labels, subjects) in LABELS_AND_SUBJECTS.items():
        signals = np.empty((len(labels), 128, len(UCI_CHANNELS)), np.float32)
        for channel, name in enumerate(UCI_CHANNELS):
            values = random.normal(size=(len(labels), 128))
            texts = [[printed(value) for value in row] for row in values]
            signals[:, :, channel] = [[float(text) for text in row] for row in texts]
            files[f"{FOLDER}{split}/Inertial Signals/{name}_{split}.txt"] = lines_of(
                ("".join(row) for row in texts), newline
            )
        files[f"{FOLDER}{split}/y_{split}.txt"] = lines_of(labels, newline)
        files[f"{FOLDER}{split}/subject_{split}.txt"] = lines_of(subjects, newline)
        splits[split] = Windows(signals, np.array(labels) - 1, np.array(subjects))
    return SmallCopy(files, "small", **splits)


@pytest.fixture(scope="session")
def small_copy():
    """Make a small copy of the data set: `small_copy(seed=0, newline="\\n")`."""
    return make_small_copy


@pytest.fixture
def small():
    """A small copy of the data set that a test may damage."""
    return make_small_copy()


@pytest.fixture(scope="session")
def tree_of():
    """Make a tree of files in memory: `tree_of({"name": b"content"})`."""
    return MemoryTree


@pytest.fixture(scope="session")
def zip_of():
    """Return the bytes of a zip: `zip_of({"name": b"content"})`."""
    return zipped


@pytest.fixture(scope="session")
def refused():
    """Expect a `DataError` of one line that contains some parts, "found" and "expected"."""

    @contextmanager
    def refused(*parts):
        with pytest.raises(DataError) as caught:
            yield
        message = str(caught.value)
        assert "\n" not in message
        for part in (*parts, "found", "expected"):
            assert part in message

    return refused


def _real_file(data_root: Path, name: str) -> Path:
    if not (data_root / name).is_file():
        pytest.skip(f"the real data set is not at {data_root / name}: name its folder by HAR_DATA")
    return data_root / name


@pytest.fixture(scope="session")
def uci_har_zip(data_root):
    """The published windows."""
    return _real_file(data_root, "uci-har-dataset.zip")


@pytest.fixture(scope="session")
def hapt_zip(data_root):
    """The raw recordings of HAPT."""
    return _real_file(data_root, "hapt.zip")
