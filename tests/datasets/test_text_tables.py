from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_array_equal

from har.datasets.text_tables import parse_integers, parse_table
from har.errors import DataError

# No deadlines: on a shared machine, durations vary.
unhurried = settings(deadline=None)

newlines = pytest.mark.parametrize("newline", ["\n", "\r\n"])
FIXED_WIDTH = b"  1.8085150e-004 -1.0138560e-002\n -9.2755740e-003  5.0658970e-003\n" * 2


def text_of(rows, newline="\n", form="{!r}"):
    return "".join(" ".join(map(form.format, row)) + newline for row in rows).encode()


@newlines
@pytest.mark.parametrize("last_newline", [True, False])
@unhurried
@given(
    table=hnp.arrays(
        np.float64, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.floats(-1e30, 1e30)
    )
)
def test_a_table_of_any_numbers_is_read_back(table, newline, last_newline):
    text = text_of(table.tolist(), newline, "{:24.16e}")
    text = text if last_newline else text.removesuffix(newline.encode())
    assert_array_equal(parse_table(text, "file", table.shape[1]), table)


def test_exponents_of_three_digits_are_read_as_numpy_does():
    expected = [[1.808515e-4, -1.013856e-2], [-9.275574e-3, 5.065897e-3]] * 2
    assert_array_equal(parse_table(FIXED_WIDTH, "file", 2), expected)
    assert_array_equal(parse_table(FIXED_WIDTH, "file", 2), np.loadtxt(io.BytesIO(FIXED_WIDTH)))


@newlines
def test_numbers_as_uci_har_prints_them_are_read_to_the_last_bit(newline):
    generator = np.random.default_rng(0)
    table = generator.normal(size=(700, 3)) * 10.0 ** generator.integers(-15, 15, (700, 3))
    cells = [[f"{value: .7e}" for value in row] for row in [*table.tolist(), [0.0, -0.0, 1.0]]]
    # The files have three digits of exponent.
    lines = ["".join(f" {cell[:-2]}0{cell[-2:]}" for cell in row) for row in cells]
    text = "".join(line + newline for line in lines).encode()
    found, expected = parse_table(text, "file", 3), np.loadtxt(io.BytesIO(text))
    assert_array_equal(found.view(np.int64), expected.view(np.int64))


@pytest.mark.parametrize("place", range(16))
def test_one_character_that_is_otherwise_is_read_as_numpy_does_or_refused(place):
    for character in b"7 -+.ex\n":
        text = bytearray(FIXED_WIDTH)
        text[place] = character
        try:
            expected = np.loadtxt(io.BytesIO(text), ndmin=2)
        except ValueError:
            expected = None
        if expected is None or expected.shape[1] != 2 or np.abs(expected).max() > 1e38:
            with pytest.raises(DataError):
                parse_table(bytes(text), "file", 2)
        else:
            assert_array_equal(parse_table(bytes(text), "file", 2), expected)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b"", ["file: found an empty file", "lines of 3 numbers"]),
        (b" \r\n\n", ["file: found an empty file"]),
        (b"1 2 3\n4 5\n", ["file, line 2: found 2 columns, expected 3"]),
        (b"1 2 3\n4 5 6 7\n", ["file, line 2: found 4 columns, expected 3"]),
        (b"1 2\n3 4\n", ["file, line 1: found 2 columns, expected 3"]),
        (b"1\n", ["file, line 1: found 1 column, expected 3"]),
        (b"1 2 3\n4 five 6\n", ["file, line 2, column 2: found 'five', expected a number"]),
        (b"1 2 3\n4 1,5 6\n", ["file, line 2, column 2: found '1,5', expected a number"]),
        (b"# 2 3\n", ["file, line 1, column 1: found '#', expected a number"]),
        (b"1 2 \xff\n", ["file, line 1, column 3: found '\ufffd', expected a number"]),
        (b"1 2 3\nNaN 5 6\n", ["file, line 2, column 1: found NaN, expected a finite number"]),
        (b"1 2 3\r\n4 -inf 6\r\n", ["file, line 2, column 2: found -inf, expected a finite"]),
        (b"1 2 3\n\n4 5 1e400\n", ["file, line 3, column 3: found 1e400, expected a finite"]),
        (b"1 2 1e39\n", ["file, line 1, column 3: found 1e39, expected a finite number"]),
        (b"1 2 3\n4 5 1_0\n", ["file: found an unreadable table, expected lines of 3 numbers"]),
    ],
)
def test_what_is_wrong_is_named_with_line_and_column(text, parts, refused):
    with refused(*parts):
        parse_table(text, "file", 3)


@unhurried
@given(end=st.integers(0, len(FIXED_WIDTH) - 2))
def test_a_file_cut_off_anywhere_is_refused_or_has_fewer_rows(end):
    try:
        n_rows = len(parse_table(FIXED_WIDTH[:end], "file", 2))
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert n_rows < 4


@pytest.mark.parametrize("missing", range(1, 6))
def test_a_last_number_cut_off_is_refused(missing, refused):
    width = 32 - missing
    with refused(f"file, line 4: found a last line of {width} characters, expected 32", "cut off"):
        parse_table(FIXED_WIDTH[: -1 - missing], "file", 2)


def test_a_short_last_line_among_lines_of_all_lengths_is_sound():
    assert_array_equal(
        parse_table(b"1.25 2\n-1 2.55\n1 2", "file", 2), [[1.25, 2], [-1, 2.55], [1, 2]]
    )


@newlines
@unhurried
@given(values=st.lists(st.integers(1, 30), min_size=1))
def test_a_column_of_whole_numbers_is_read_back(values, newline):
    read = parse_integers(text_of([[value] for value in values], newline), "file", 1, 30)
    assert read.dtype == np.int64
    assert read.tolist() == values


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b"1\n0\n", ["y.txt, line 2: found 0, expected a whole number 1..6"]),
        (b"1\n\n7\n", ["y.txt, line 3: found 7, expected a whole number 1..6"]),
        (b"2.5\n", ["y.txt, line 1: found 2.5, expected a whole number 1..6"]),
        (b"1\nSITTING\n", ["y.txt, line 2, column 1: found 'SITTING', expected a number"]),
        (b"1 2\n", ["y.txt, line 1: found 2 columns, expected 1"]),
        (b"nan\n", ["y.txt, line 1, column 1: found nan, expected a finite number"]),
        (b"", ["y.txt: found an empty file"]),
    ],
)
def test_a_number_that_is_no_label_is_named_with_its_line(text, parts, refused):
    with refused(*parts):
        parse_integers(text, "y.txt", 1, 6)
