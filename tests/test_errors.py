from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from har.errors import (
    LONGEST_MESSAGE,
    ConfigError,
    DataError,
    HarError,
    listed,
    parsing,
    quoted,
    reason_of,
)


@given(st.text() | st.binary() | st.lists(st.text()) | st.integers() | st.floats())
def test_what_is_quoted_is_short_and_printable(value):
    text = quoted(value)
    assert text.isprintable()
    assert len(text) <= 42


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("acc_x", "'acc_x'"),
        ("\x1b[31mred\n", r"'\x1b[31mred\n'"),
        ("a" * 1000 + "z", "'" + "a" * 26 + "…" + "a" * 12 + "z'"),
        ("μm/s²", "'μm/s²'"),
        (9.81, "9.81"),
        (None, "None"),
    ],
)
def test_text_is_quoted_as_it_is_read(value, expected):
    assert quoted(value) == expected


def test_a_whole_number_too_long_to_write_out_is_named_by_its_type():
    assert quoted(10**10_000) == "int"


def test_values_nested_too_deep_are_named_by_their_type():
    value: list[object] = []
    for _level in range(100_000):
        value = [value]
    assert quoted(value) == "list"


def test_of_many_values_the_first_are_listed():
    assert listed(["a", "b\n"]) == r"'a', 'b\n'"
    assert listed(range(100)) == "0, 1, 2, 3, 4, 5, 6, 7 and 92 more"


@pytest.mark.any_message
@given(st.text(max_size=2000))
def test_a_message_is_one_printable_line(text):
    message = str(HarError(text))
    assert message.isprintable()
    assert len(message) <= LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FileNotFoundError(2, "No such file or directory", "run"), "No such file or directory"),
        (ValueError("two\nlines"), "two lines"),
        (KeyError(), "KeyError"),
        (MemoryError(), "more than fits into memory"),
        (RecursionError("maximum"), "values nested too deep"),
        (ValueError("\x1b" * 9), r"\x1b" * 9),
    ],
)
def test_reasons_of_other_libraries_are_told_in_a_few_words(error, expected):
    assert reason_of(error) == expected


def test_a_long_reason_is_shortened():
    assert len(reason_of(ValueError("x" * 100_000))) == 120


@pytest.mark.parametrize("raised", [ValueError, MemoryError, RecursionError, AttributeError])
def test_whatever_a_parser_raises_becomes_one_line(raised):
    with pytest.raises(ConfigError, match=r"^a\.yaml: found .*, expected settings$"):
        with parsing("a.yaml", "settings", ConfigError):
            raise raised


def test_a_parser_may_be_told_of_as_the_reason_of_damage():
    with pytest.raises(DataError, match=r"^a\.zip: found a damaged zip \(bad\), expected a whole"):
        with parsing("a.zip", "a whole one", found="a damaged zip"):
            raise ValueError("bad")


def test_errors_of_har_pass_a_parser_as_they_are():
    with pytest.raises(DataError, match="^told already$"):
        with parsing("a.yaml", "settings", ConfigError):
            raise DataError("told already")


def test_an_interruption_passes_a_parser():
    with pytest.raises(KeyboardInterrupt), parsing("a.json", "an object"):
        raise KeyboardInterrupt


def test_a_real_parser_is_told_of_in_its_own_words():
    with pytest.raises(DataError, match=r"a\.json: found Expecting value: line 1 column 1"):
        with parsing("a.json", "an object"):
            json.loads("x")
