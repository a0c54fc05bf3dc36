"""What an ONNX file says of itself."""

from __future__ import annotations

import json

import numpy as np
import pytest
from builders import refused
from random_models import ACTIVITIES, random_model

from har import __version__
from har.config import ModelConfig
from har.errors import RunError
from har.export.onnx_metadata import OnnxMetadata, RawSamples
from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS


@pytest.fixture(scope="module")
def model():
    return random_model(ModelConfig(n_layers=1, hidden_size=3), temperature=1.25)


def test_it_says_what_goes_in_what_comes_out_and_whose_data_it_learned_from(model):
    raw = RawSamples(RAW_CHANNELS, 500, 1)
    said = OnnxMetadata.of(model, "raw", raw).to_properties()
    assert json.loads(said["channels"]) == list(UCI_CHANNELS)
    assert json.loads(said["units"]) == ["g"] * 3 + ["rad/s"] * 3 + ["g"] * 3
    assert json.loads(said["raw_units"]) == ["g"] * 3 + ["rad/s"] * 3
    assert json.loads(said["activities"]) == list(ACTIVITIES)
    numbers = {"rate_hz": 50.0, "n_timesteps": 32, "n_before": 500, "n_after": 1}
    assert {key: json.loads(said[key]) for key in numbers} == numbers
    assert json.loads(said["temperature"]) == 1.25
    assert said["data"] == "UCI HAR"
    assert said["data_fingerprint"] == "0123abcd"
    assert said["data_terms"].startswith("no commercial use; cite D. Anguita")
    assert (said["form"], said["recipe"], said["har_version"]) == ("raw", "quick", __version__)
    assert all(isinstance(value, str) for value in said.values())


def test_it_reads_what_it_wrote(model):
    written = OnnxMetadata.of(model, "windows")
    read = OnnxMetadata.from_properties(written.to_properties(), "here")
    assert np.array_equal(read.context.transitions, model.context.transitions)
    assert read.model == written.model
    of_both = [
        (each.form, each.har, each.recipe, each.data, each.data_terms, each.temperature)
        for each in (read, written)
    ]
    assert of_both[0] == of_both[1]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("form", "other", "found 'other' as form, expected windows or raw or signals"),
        ("channels", "[1]", "found [1] as channels"),
        ("channels", "[", "found broken JSON"),
        ("n_timesteps", "1e9", "found 1000000000.0 as n_timesteps"),
        ("context", '{"weight": 1}', "expected transitions between 4 activities"),
        ("har_version", None, "found no 'har_version', expected text"),
        ("activities", None, "found no 'activities'"),
    ],
)
def test_what_is_missing_or_wrong_is_one_line(model, key, value, words):
    properties = OnnxMetadata.of(model, "windows").to_properties() | {key: value}
    if value is None:
        del properties[key]
    with refused(RunError, "here: ", words):
        OnnxMetadata.from_properties(properties, "here")
