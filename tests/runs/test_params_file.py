from __future__ import annotations

import random
import struct
import tracemalloc

import numpy as np
import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from har.errors import RunError
from har.models.backend import mx
from har.runs.params_file import parse_params

ARRAYS = {
    "arg:lstm0_weight": np.arange(12, dtype=np.float32).reshape(3, 4),
    "aux:längst": np.array([[[0.5]]], dtype=np.float32),
}
# Where the first array's fields begin: magic number, storage type, number of axes, axes, device,
# its number, type of the values.
FIRST = 24
N_AXES, AXES, DEVICE, KIND = FIRST + 8, FIRST + 12, FIRST + 28, FIRST + 36
VALUES = FIRST + 40


def saved(folder, arrays=ARRAYS):
    """Save arrays with MXNet; return the file's content."""
    file = folder / "some.params"
    mx.nd.save(str(file), {k: mx.nd.array(a, dtype=a.dtype) for k, a in arrays.items()})
    return file.read_bytes()


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("params"))


def same(found, expected):
    assert list(found) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


def test_what_mxnet_saved_is_read(content):
    same(parse_params(content, "file"), ARRAYS)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=9).filter(lambda name: "\0" not in name),
        st.sampled_from(["f4", "f8", "f2", "u1", "i4", "i1", "i8"]).flatmap(
            lambda dtype: arrays_of.arrays(dtype, arrays_of.array_shapes(max_dims=4, max_side=4))
        ),
        min_size=1,
        max_size=4,
    )
)
def test_all_that_mxnet_saves_is_read(tmp_path_factory, arrays):
    same(parse_params(saved(tmp_path_factory.mktemp("any"), arrays), "file"), arrays)


def changed(content, at, form, value):
    altered = bytearray(content)
    struct.pack_into(f"<{form}", altered, at, value)
    return bytes(altered)


@pytest.mark.parametrize(
    ("at", "form", "value", "reason"),
    [
        (0, "Q", 0x113, "no file of MXNet's arrays"),
        (8, "Q", 1, "no file of MXNet's arrays"),
        (16, "Q", 0, "names of 0 arrays"),
        (16, "Q", 2**63, "an array of an unknown form"),
        (FIRST, "I", 0x793FAC9, "an array of an unknown form"),
        (FIRST + 4, "i", 1, "an array of an unknown form"),
        (N_AXES, "i", 0, "an array of an unknown form"),
        (N_AXES, "i", -1, "an array of an unknown form"),
        (N_AXES, "i", 2**30, "an array of an unknown form"),
        (AXES, "q", 2**62, "its end after"),
        (AXES, "q", -3, "an array of shape (-3, 4) and type 0"),
        (AXES, "q", 0, "an array of shape (0, 4) and type 0"),
        (KIND, "i", 12, "an array of shape (3, 4) and type 12"),
        (KIND, "i", 3, "an array of an unknown form"),
    ],
)
def test_a_wrong_number_is_refused(content, at, form, value, reason):
    with refused(RunError, "model.params: found ", reason):
        parse_params(changed(content, at, form, value), "model.params")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content + b"x" * 100, "100 bytes after the end"),
        (lambda content: content.replace(b"arg:", b"\xff\xfe\xfd:"), "can't decode byte"),
        (lambda content: b"", "its end after 0 bytes"),
        (lambda content: b"text" * 99, "no file of MXNet's arrays"),
    ],
)
def test_other_damage_is_refused(content, change, reason):
    with refused(RunError, "model.params: found ", reason):
        parse_params(change(content), "model.params")


def test_a_name_that_occurs_twice_is_refused(tmp_path):
    content = saved(tmp_path, {"a": np.ones(2, np.float32), "b": np.ones(3, np.float32)})
    with refused(RunError, "a name that occurs twice"):
        parse_params(content[:-1] + b"a", "model.params")


def test_a_list_without_names_is_refused(tmp_path):
    mx.nd.save(str(tmp_path / "some.params"), [mx.nd.ones(3)])
    with refused(RunError, "0 names of 1 arrays"):
        parse_params((tmp_path / "some.params").read_bytes(), "model.params")


def test_each_shorter_file_is_refused(content):
    for n_bytes in range(len(content)):
        with pytest.raises(RunError):
            parse_params(content[:n_bytes], "model.params")


def test_flipped_bits_never_raise_anything_else_nor_take_memory_that_is_not_there(content):
    rng = random.Random(0)
    tracemalloc.start()
    try:
        for _ in range(2000):
            altered = bytearray(content)
            for _ in range(rng.choice((1, 1, 3))):
                altered[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
            try:
                arrays = parse_params(bytes(altered), "model.params")
            except RunError:
                continue
            assert sum(array.nbytes for array in arrays.values()) < len(content)
        assert tracemalloc.get_traced_memory()[1] < 2 << 20
    finally:
        tracemalloc.stop()
