"""What a manifest says of an adaptation."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from builders import refused

from har.errors import RunError
from har.runs.adaptation import AdaptationDescription, TaughtActivity
from har.runs.json_object import JsonObject

ABOUT = AdaptationDescription(
    strength=0.3,
    layer="summary",
    activities=(
        TaughtActivity("WALKING", False, 14, 6, 4, 6),
        TaughtActivity("JUMPING", True, 50, 24, 0, 21),
    ),
    seconds_per_window=1.28,
    person="Ada",
    source="runs/quick",
    recordings="mine",
)


def read(content):
    return AdaptationDescription.from_dict(JsonObject(content, "manifest.json", "adaptation."))


def test_it_reads_what_it_wrote():
    assert read(json.loads(json.dumps(ABOUT.to_dict()))) == ABOUT
    short = replace(ABOUT, left_out=("activity 'SITTING': found 1 windows",))
    assert read(json.loads(json.dumps(short.to_dict()))) == short
    bare = replace(ABOUT, person=None, source=None, recordings=None)
    assert read(json.loads(json.dumps(bare.to_dict()))) == bare


def test_accuracies_are_of_all_windows_that_are_scored():
    assert ABOUT.accuracy_before == 4 / 30
    assert ABOUT.accuracy_after == 27 / 30
    none = replace(ABOUT, activities=(TaughtActivity("WALKING", False, 1, 0, 0, 0),))
    assert none.accuracy_before is None and none.accuracy_after is None


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("strength", -1, "as adaptation.strength, expected a number above 0"),
        ("strength", None, "found no 'strength' in adaptation"),
        ("person", [1], "expected a person, as whole number or text"),
        ("left_out", 3, "expected a list of texts"),
        ("activities", 3, "expected a list of objects"),
        ("activities", [{"activity": "WALKING"}], "found no 'is_new'"),
    ],
)
def test_wrong_values_are_refused_by_name(key, value, words):
    with refused(RunError, "manifest.json", words):
        read({**json.loads(json.dumps(ABOUT.to_dict())), key: value})


def test_negative_counts_are_refused():
    content = json.loads(json.dumps(ABOUT.to_dict()))
    content["activities"][0]["n_scored"] = -1
    with refused(RunError, "activities[0].n_scored", "a whole number from 0"):
        read(content)
