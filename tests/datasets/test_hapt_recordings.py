from __future__ import annotations

import gzip
import io
import pickle
from pickle import UnpicklingError

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from har.datasets.hapt_recordings import (
    _MirrorUnpickler,
    find_recordings,
    holds_recordings,
    is_mirror,
    read_mirror,
    read_recordings,
)

ACC, GYRO = (f"HAPT Dataset/RawData/{sensor}_exp07_user03.txt" for sensor in ("acc", "gyro"))


def raw_files(n_samples=5, newline="\n"):
    """Make the files of one experiment; return them and its samples."""
    samples = np.random.default_rng(0).normal(size=(n_samples, 6))
    texts = [
        "".join(" ".join(map(repr, row)) + newline for row in columns.tolist()).encode()
        for columns in (samples[:, :3], samples[:, 3:])
    ]
    return dict(zip((ACC, GYRO), texts, strict=True)), samples


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_accelerometer_and_gyroscope_become_one_recording(newline, tree_of):
    files, samples = raw_files(newline=newline)
    files["HAPT Dataset/RawData/labels.txt"] = b"7 3 5 1 5\n"
    tree = tree_of(files)
    assert holds_recordings(tree)
    recordings = read_recordings(tree)
    assert list(recordings) == [7]
    assert recordings[7].subject == 3
    assert_array_equal(recordings[7].samples, samples)
    (files,) = find_recordings(tree).values()
    found, expected = ((len(one), one.subject, one.source) for one in (files, recordings[7]))
    assert found == expected


def test_a_tree_without_raw_recordings_is_not_hapt(small):
    assert not holds_recordings(small)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({GYRO: None}, [f"tree/{GYRO}: found no such file"]),
        ({GYRO: b"1 2 3\n"}, [f"tree/{GYRO}: found 1 samples, expected 5"]),
        ({GYRO: b"1 2 3\n1 2\n"}, [f"tree/{GYRO}, line 2: found 2 columns, expected 3"]),
        ({ACC: b"1 2 x\n"}, [f"tree/{ACC}, line 1, column 3: found 'x', expected a number"]),
        ({ACC: b""}, [f"tree/{ACC}: found an empty file"]),
    ],
)
def test_a_missing_or_damaged_file_is_named(changes, parts, tree_of, refused):
    files = {**raw_files()[0], **changes}
    tree = tree_of({name: content for name, content in files.items() if content is not None})
    with refused(*parts):
        read_recordings(tree)


def attack(path):
    """Return a pickle that calls ``os.system`` when it is loaded."""
    return f"cos\nsystem\n(S'touch {path}'\ntR.".encode()


def test_a_file_that_is_not_the_mirror_is_refused_unread(tmp_path, refused):
    file = tmp_path / "HAPT.pkl.gz"
    file.write_bytes(gzip.compress(attack(tmp_path / "executed")))
    assert not is_mirror(file)
    with refused(f"{file}: found sha256 ", "expected 231bf6d5"):
        read_mirror(file, {1: 1})
    assert not (tmp_path / "executed").exists()


def test_the_unpickler_does_not_execute(tmp_path):
    with pytest.raises(UnpicklingError, match=r"os\.system is not allowed"):
        _MirrorUnpickler(io.BytesIO(attack(tmp_path / "executed"))).load()
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    "name",
    [
        "posix system",
        "subprocess Popen",
        "builtins eval",
        "__builtin__ eval",
        "__builtin__ getattr",
        "numpy load",
        "numpy.core.multiarray fromfile",
        "_codecs open",
        "copy_reg __newobj_ex__",
        "pandas.core.frame pd",
        "pandas read_pickle",
    ],
)
def test_the_unpickler_refuses_what_is_not_on_its_list(name):
    module, attribute = name.split()
    with pytest.raises(UnpicklingError, match=f"{module}.{attribute} is not allowed"):
        _MirrorUnpickler(io.BytesIO(f"c{module}\n{attribute}\n.".encode())).load()


def test_the_unpickler_rebuilds_arrays():
    array = np.arange(6.0).reshape(2, 3)
    packed = pickle.dumps({1: [array]}, protocol=2)
    # The mirror was written by NumPy 1, and has its name for the module.
    packed = packed.replace(b"numpy._core", b"numpy.core")
    unpickler = _MirrorUnpickler(io.BytesIO(packed), encoding="latin1")
    assert_array_equal(unpickler.load()[1][0], array)
