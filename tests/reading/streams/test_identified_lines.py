from __future__ import annotations

import json

import pytest

from har.reading.streams.identified_lines import IdentifiedLines


def split(lines, name="id"):
    identified = IdentifiedLines(name)
    return [part for line in lines for part in identified.split(line)], identified


def test_rows_are_told_apart_by_the_column_of_the_heading():
    rows = ["0.00,a,1", "0.00,b,2", '0.02,"a",3']
    found, identified = split(["time_s,id,acc_x\n", *rows])
    assert found == [("a", rows[0]), ("b", rows[1]), ("a", rows[2])]
    assert (identified.heading, identified.n_lines) == ("time_s,id,acc_x", 4)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_the_separator_may_be_another(separator):
    found, _ = split([f"id{separator}x", f"7{separator}0,5"])
    assert found == [("7", f"7{separator}0,5")]


def test_a_later_heading_takes_the_place_of_the_first():
    found, identified = split(["id,x", "a,1", "id,x", "x,id", "1,b"])
    assert [identity for identity, _ in found] == ["a", "b"]
    assert identified.heading == "x,id"


def test_objects_are_told_apart_by_their_key_text_or_whole_number():
    messages = [{"id": "a", "x": 1}, {"id": 7, "x": 2}]
    assert split(map(json.dumps, messages))[0] == [("a", messages[0]), (7, messages[1])]


def test_objects_in_one_list_may_be_of_several_streams():
    messages = [{"id": "a", "x": 1}, {"id": "b", "x": 2}]
    assert split([json.dumps(messages)])[0] == [("a", messages[0]), ("b", messages[1])]


def test_the_key_may_be_inside_of_other_objects():
    message = {"meta": {"device": "a"}, "x": 1}
    assert split([json.dumps(message)], "meta.device")[0] == [("a", message)]
    plain = {"meta.device": "b"}
    assert split([json.dumps(plain)], "meta.device")[0] == [("b", plain)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1,2,3", "line 1: no heading before it: '1,2,3'"),
        ('{"x": 1}', "no text or whole number 'id'"),
        ('{"id": null}', "no text or whole number"),
        ('{"id": ""}', "no text or whole number"),
        ('{"id": true}', "no text or whole number"),
        ('{"id": 0.5}', "no text or whole number"),
        ('{"id": [1]}', "no text or whole number"),
        ("[1, 2]", "no text or whole number"),
        ("{", "no JSON"),
        ("\x00 garbage", "no heading before it"),
    ],
)
def test_lines_without_an_id_are_counted_and_the_first_is_shown(line, reason):
    found, identified = split([line, "id,x", ",1", '{"id": "a"}'])
    assert [identity for identity, _ in found] == ["a"]
    assert reason in identified.first_without_id
    assert identified.in_words().startswith("lines: 4, without id: ")
    assert identified.n_without_id >= 2


def test_blank_lines_and_comments_are_not_missing_an_id():
    assert split(["", "# comment", "id,x"])[1].n_without_id == 0


def test_nothing_with_an_id_is_said_with_the_cause():
    _, identified = split(["1,2,3"] * 50, "device")
    assert identified.trouble() == (
        "--id device: found no line with it in 50 lines (line 1: no heading before it: '1,2,3'), "
        "expected a heading with this column, or objects of JSON with this key"
    )


@pytest.mark.parametrize(
    "line", ["x" * 70_000, '{"id": "' + "a" * 300 + '"}', '{"id": ' + "9" * 300 + "}", "[" * 9000]
)
def test_long_lines_and_ids_are_without_an_id(line):
    identified = IdentifiedLines("id")
    assert identified.split(line) == []
    assert identified.n_without_id == 1
    assert len(identified.first_without_id) < 120
