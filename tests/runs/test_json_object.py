from __future__ import annotations

import pytest
from builders import refused

from har.errors import RunError
from har.runs.json_object import TEXT, JsonObject


def parse(text):
    return JsonObject.parse(text, "some.json").content


def test_finite_numbers_are_read_as_they_are():
    text = '{"a": -9223372036854775808, "b": 1e308, "c": 5e-324, "d": 0.1}'
    assert parse(text) == {"a": -(2**63), "b": 1e308, "c": 5e-324, "d": 0.1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * 200_000, "values nested too deep"),
        ('{"a":' * 100_000, "values nested too deep"),
        ('{"a": NaN}', "the number 'NaN', which is not finite"),
        ('{"a": [-Infinity]}', "the number '-Infinity', which is not finite"),
        ('{"a": 1e999}', "the number '1e999', which is not finite"),
        ('{"a": 9223372036854775808}', "the number '9223372036854775808' beyond 64 bits"),
        ('{"a": -' + "9" * 10_000 + "}", "beyond 64 bits"),
        ('{"a": 1e' + "9" * 10_000 + "}", "which is not finite"),
        ('{"a": ', "broken JSON (Expecting value: line 1 column 7"),
        ("", "broken JSON"),
        ("[1]", "found list, expected a JSON object"),
    ],
)
def test_what_is_no_object_of_finite_values_is_refused(text, reason):
    with refused(RunError, "some.json: found ", reason):
        parse(text)


def test_a_wrong_value_is_shown_printable_and_short():
    content = parse('{"model": {"name": ["\\u001b[31m' + "x" * 10_000 + '"]}}')
    inner = JsonObject(content, "some.json").inner("model")
    with pytest.raises(RunError) as caught:
        inner.required("name", TEXT)
    message = str(caught.value)
    assert message.isprintable() and len(message) < 100 and "as model.name, expected" in message
