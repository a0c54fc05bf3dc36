from __future__ import annotations

import io
import pickle
import random
import zipfile

import numpy as np
import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from har.errors import RunError
from har.runs.arrays_file import read_arrays, write_arrays

N_BYTES = 1 << 20
ARRAYS = {
    "weights/lstm0": np.arange(6, dtype=np.float32).reshape(2, 3),
    "best": np.array(7),
    "is_done": np.array([True, False]),
    "names": np.array(["a", "längst"]),
    "file": np.zeros((0, 3)),
}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "arrays.npz"


def same(read, written):
    assert list(read) == list(written)
    for name, array in written.items():
        np.testing.assert_array_equal(read[name], array, strict=True)


def test_arrays_are_read_back_in_order_with_their_types_and_shapes(file):
    write_arrays(file, ARRAYS)
    same(read_arrays(file, N_BYTES), ARRAYS)


@given(
    st.dictionaries(
        st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=9),
        arrays_of.arrays(
            arrays_of.boolean_dtypes() | arrays_of.integer_dtypes() | arrays_of.floating_dtypes(),
            arrays_of.array_shapes(min_dims=0, min_side=0, max_side=4),
        ),
        max_size=4,
    )
)
def test_any_arrays_are_read_back(tmp_path_factory, arrays):
    file = tmp_path_factory.mktemp("any") / "arrays.npz"
    write_arrays(file, arrays)
    native = {name: a.astype(a.dtype.newbyteorder("=")) for name, a in arrays.items()}
    same(read_arrays(file, N_BYTES), native)


def test_numpy_reads_the_file_and_its_own_files_are_read(file):
    write_arrays(file, ARRAYS)
    with np.load(file, allow_pickle=False) as arrays:
        same(dict(arrays), ARRAYS)
    plain = {name: array for name, array in ARRAYS.items() if name != "file"}
    np.savez(file, **plain)
    same(read_arrays(file, N_BYTES), plain)


def test_arrays_that_were_read_can_be_changed(file):
    write_arrays(file, {"a": np.zeros(3), "by_columns": np.asfortranarray(np.eye(3)[:, :2])})
    arrays = read_arrays(file, N_BYTES)
    arrays["a"] += 1
    np.testing.assert_array_equal(arrays["a"], 1)
    np.testing.assert_array_equal(arrays["by_columns"], np.eye(3)[:, :2])


def test_the_same_arrays_give_the_same_bytes(file):
    write_arrays(file, ARRAYS)
    first = file.read_bytes()
    write_arrays(file, ARRAYS)
    assert file.read_bytes() == first


def test_objects_are_neither_written_nor_read(file):
    with pytest.raises(ValueError, match="allow_pickle"):
        write_arrays(file, {"a": np.array([{}])})
    assert not file.exists()
    np.savez(file, a=np.array([{}]))
    with refused(RunError, "arrays.npz", "type object"):
        read_arrays(file, N_BYTES)


class Touch:
    """An object whose pickle, if it is ever read, ends the test."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was read",)


def test_a_pickle_is_refused_unread(file):
    file.write_bytes(pickle.dumps(Touch()))
    with refused(RunError, "arrays.npz", "expected arrays that har wrote"):
        read_arrays(file, N_BYTES)


def member(shape="(3,)", descr="<f8", content=bytes(24)):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + content


def zipped(*members, compression=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a zip"),
        (zipped(("a.npy", b"")), "reading magic string"),
        (zipped(("a.txt", member())), "member 'a.txt'"),
        (zipped(("a.npy", member(shape="(6_000_000_000_000,)"))), "24 bytes for the array 'a'"),
        (zipped(("a.npy", member(shape="(-3,)"))), "24 bytes for the array 'a'"),
        (zipped(("a.npy", member(shape="(0, -3)", content=b""))), "0 bytes for the array 'a'"),
        (zipped(("a.npy", member(content=bytes(23)))), "23 bytes for the array 'a'"),
        (zipped(("a.npy", member(content=bytes(25)))), "25 bytes for the array 'a'"),
        (zipped(("a.npy", member(descr="<M8[s]"))), "type datetime64"),
        (zipped(("a.npy", member(shape="(3,"))), "expected arrays"),
        (zipped(("a.npy", member(shape="(" * 9000))), "expected arrays"),
        (zipped(("a.npy", member()), compression=zipfile.ZIP_DEFLATED), "compressed"),
        (zipped(*((f"{i}.npy", b"") for i in range(10_001))), "10,001 arrays"),
    ],
)
def test_what_is_no_file_of_arrays_is_refused(file, content, reason):
    file.write_bytes(content)
    with refused(RunError, "arrays.npz", reason):
        read_arrays(file, N_BYTES * 4)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_occurs_twice_is_refused(file):
    file.write_bytes(zipped(("a.npy", member()), ("a.npy", member())))
    with refused(RunError, "'a.npy'"):
        read_arrays(file, N_BYTES)


def test_members_that_share_their_bytes_are_refused_before_one_is_read(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.npy", member(shape="(1000,)", content=bytes(8000)))
        first = archive.infolist()[0]
        archive.filelist += [first] * 99
    with refused(RunError, "larger than the file"):
        read_arrays(file, N_BYTES)


def test_a_larger_file_is_refused(file):
    write_arrays(file, ARRAYS)
    with refused(RunError, "more than 1,000 bytes"):
        read_arrays(file, 1000)


def test_a_missing_file_and_a_folder_are_refused(file):
    with refused(RunError, "No such file"):
        read_arrays(file, N_BYTES)
    file.mkdir()
    with refused(RunError, "directory"):
        read_arrays(file, N_BYTES)


def test_damage_gives_the_same_arrays_or_one_line(file):
    write_arrays(file, ARRAYS)
    whole = file.read_bytes()
    rng = random.Random(0)
    n_refused = 0
    for case in range(400):
        content = bytearray(whole)
        if case % 4:
            content[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        else:
            del content[rng.randrange(len(whole)) :]
        file.write_bytes(content)
        try:
            arrays = read_arrays(file, N_BYTES)
        except RunError:
            n_refused += 1
            continue
        # A bit of a name, or of what is not looked at, such as times.
        for array in arrays.values():
            assert any(array.tobytes() == written.tobytes() for written in ARRAYS.values())
    assert n_refused > 200
