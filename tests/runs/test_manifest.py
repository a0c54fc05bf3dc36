from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime

import pytest
from builders import refused
from hypothesis import given
from hypothesis import strategies as st
from scored_run import make_manifest, make_windows

from har.errors import RunError
from har.runs.folder import RunFolder
from har.runs.json_object import JsonObject
from har.runs.manifest import (
    Environment,
    FoldsDescription,
    GitState,
    Manifest,
    ModelDescription,
    Session,
    TrainedManifest,
    TrainingDescription,
)
from har.signals.data_description import DataDescription
from har.signals.windows import WindowFormat

TEXT = st.text(max_size=8)
COUNT = st.integers(0, 10**6)
NUMBER = st.floats(0.001, 1e6)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
NAMES = st.lists(TEXT, min_size=1, max_size=3, unique=True).map(tuple)
MOMENT = st.datetimes(datetime(1970, 1, 1), datetime(9998, 12, 31), timezones=st.timezones()).map(
    datetime.isoformat
)
COUNTS = st.lists(COUNT, max_size=3).map(tuple)
DATA = st.builds(
    DataDescription,
    name=st.none() | TEXT,
    source=st.none() | TEXT,
    notes=TEXTS,
    fingerprint=st.none() | TEXT,
    n_train_windows=st.none() | COUNT,
    n_test_windows=st.none() | COUNT,
)
ENVIRONMENT = st.builds(
    Environment,
    python=st.none() | TEXT,
    platform=st.none() | TEXT,
    n_cores=st.none() | COUNT,
    packages=st.dictionaries(st.sampled_from(["mxnet", "numpy", "scikit-learn"]), TEXT),
)
SESSION = st.builds(
    Session,
    har=st.none() | TEXT,
    started=st.none() | MOMENT,
    command=st.none() | TEXTS,
    environment=ENVIRONMENT,
    git=st.none() | st.builds(GitState, commit=TEXT, is_dirty=st.booleans()),
)
MODEL = st.builds(
    ModelDescription,
    window_format=st.builds(
        WindowFormat,
        channels=NAMES,
        activities=NAMES,
        rate_hz=st.floats(0.001, 100_000),
        n_timesteps=st.integers(1, 10_000),
    ),
    n_parameters=COUNT,
    gravity=st.none() | st.tuples(NUMBER, NUMBER, NUMBER),
)
TRAINING = st.builds(
    TrainingDescription,
    seed=st.none() | COUNT,
    device=st.none() | TEXT,
    n_threads=st.none() | COUNT,
    n_threads_by_epoch=st.none() | COUNTS,
    n_processes=st.integers(1, 1000),
    n_train_windows=COUNT,
    train_subjects=COUNTS,
    validation_subjects=COUNTS,
    n_epochs=st.none() | COUNT,
    best_epoch=st.none() | COUNT,
    temperature=st.none() | NUMBER,
)
FOLDS = st.builds(
    FoldsDescription,
    kind=st.just("loso") | COUNT,
    held_out_subjects=st.lists(COUNTS, max_size=3).map(tuple),
)
MANIFEST = st.builds(
    Manifest,
    status=st.none() | TEXT,
    recipe=st.none() | TEXT,
    data=DATA,
    session=SESSION,
    folds=st.none() | FOLDS,
    model=st.none() | MODEL,
    training=st.none() | TRAINING,
    finished=st.none() | MOMENT,
    duration_s=st.none() | NUMBER,
    failure=st.none() | TEXT,
    resumed=st.lists(SESSION.filter(Session().__ne__), max_size=2).map(tuple),
    sessions=st.lists(SESSION.filter(Session().__ne__), max_size=2).map(tuple),
)


def read(content):
    return Manifest.from_dict(JsonObject(content, "manifest.json"))


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "run")


@pytest.fixture
def told():
    return make_manifest(make_windows(6), [])


@given(MANIFEST)
def test_what_was_written_is_read(manifest):
    assert Manifest.from_dict(JsonObject.parse(json.dumps(manifest.to_dict()), "")) == manifest


def test_nothing_known_is_nothing_written():
    assert Manifest().to_dict() == {}
    assert read({}) == Manifest()
    assert DataDescription().to_dict() == Session().to_dict() == Environment().to_dict() == {}


def test_networks_of_earlier_versions_expect_gravity_along_x_with_the_channels_of_uci_har(told):
    del told["model"]["gravity"]
    assert read(told).model.gravity == (1.0, 0.0, 0.0)
    told["model"]["channels"] = ["acc_x", "acc_y", "acc_z"]
    assert read(told).model.gravity is None


@pytest.mark.parametrize("wrong", [[1, 0], [0, 0, 0], ["x", "y", "z"], "x"])
def test_a_direction_of_gravity_that_is_none_is_refused(told, wrong):
    told["model"]["gravity"] = wrong
    with refused(RunError, "model.gravity", "three numbers"):
        read(told)


def test_the_file_has_the_keys_of_earlier_versions_in_their_order(told):
    told["training"] |= {"temperature": 0.5, "n_threads_by_epoch": None, "n_processes": 1}
    written = read(told).to_dict()
    assert written == told
    assert list(written) == [
        *("status", "recipe", "data", "har", "started", "command", "environment", "git"),
        *("model", "training", "finished", "duration_s"),
    ]
    for section in ("data", "environment", "git", "model", "training"):
        assert list(written[section]) == list(told[section])


def test_a_run_outside_a_repository_says_that_it_has_no_commit():
    started = "2026-11-23T06:34:00+00:00"
    session = Session(har="0.1.0", started=started, command=("har",))
    written = Manifest(session=session).to_dict()
    assert written == {"har": "0.1.0", "started": started, "command": ["har"], "git": None}
    assert read(written).session == session


def test_keys_that_are_not_known_are_ignored(told):
    expected = read(told)
    told["model"]["colour"] = told["data"]["mood"] = told["later"] = {"a": [1]}
    assert read(told) == expected


@pytest.mark.parametrize(
    "key", ["status", "recipe", "data", "har", "started", "command", "environment", "git"]
)
def test_a_run_may_lack_what_the_command_line_writes(run, told, key):
    del told[key]
    run.write_json(run.manifest, told)
    assert run.read_trained_manifest().model.n_parameters == 53254


@pytest.mark.parametrize(
    "key", ["seed", "device", "n_threads", "n_epochs", "best_epoch", "temperature"]
)
def test_what_earlier_versions_did_not_tell_of_training_is_none(run, told, key):
    told["training"].pop(key, None)
    run.write_json(run.manifest, told)
    assert getattr(run.read_trained_manifest().training, key) is None


@pytest.mark.parametrize("is_missing", [True, False])
@pytest.mark.parametrize(
    ("section", "key"),
    [
        *(("model", field.name) for field in fields(WindowFormat)),
        ("model", "n_parameters"),
        *(("training", k) for k in ("n_train_windows", "train_subjects", "validation_subjects")),
        *(("git", field.name) for field in fields(GitState)),
    ],
)
def test_what_a_section_needs_is_named_if_it_is_missing(run, told, section, key, is_missing):
    told[section][key] = None
    if is_missing:
        del told[section][key]
    run.write_json(run.manifest, told)
    with refused(RunError, f"{run.manifest}: found no '{key}' in {section}, expected "):
        run.read_manifest()


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        ("model", "channels", 3, "found 3 as model.channels, expected a list of 1 to 1,000"),
        ("model", "channels", [3], "found [3] as model.channels, expected a list of 1 to"),
        ("model", "channels", [], "found [] as model.channels, expected a list of 1 to"),
        (
            "model",
            "activities",
            ["A", "A"],
            "found ['A', 'A'] as model.activities, expected a list",
        ),
        ("model", "rate_hz", 0, "found 0 as model.rate_hz, expected a number above 0"),
        ("model", "rate_hz", 1e300, "found 1e+300 as model.rate_hz, expected a number above 0"),
        ("model", "n_timesteps", 10**9, "found 1000000000 as model.n_timesteps, expected a whole"),
        ("training", "temperature", 0, "found 0 as training.temperature, expected a number above"),
        ("model", "activities", "REST", "found 'REST' as model.activities, expected a list"),
        ("model", "rate_hz", "fast", "found 'fast' as model.rate_hz, expected a number"),
        ("model", "n_timesteps", 12.5, "found 12.5 as model.n_timesteps, expected a whole number"),
        ("model", "n_parameters", True, "found True as model.n_parameters, expected a whole"),
        ("training", "train_subjects", 1, "found 1 as training.train_subjects, expected a list"),
        ("training", "temperature", "warm", "found 'warm' as training.temperature, expected a num"),
        ("training", "device", 0, "found 0 as training.device, expected text"),
        ("data", "notes", "one", "found 'one' as data.notes, expected a list of texts"),
        ("data", "fingerprint", 12, "found 12 as data.fingerprint, expected text"),
        ("environment", "n_cores", "two", "found 'two' as environment.n_cores, expected a whole"),
        ("environment", "numpy", 1.26, "found 1.26 as environment.numpy, expected text"),
        ("git", "is_dirty", "no", "found 'no' as git.is_dirty, expected true or false"),
    ],
)
def test_a_value_of_another_type_is_named(run, told, section, key, value, message):
    told[section][key] = value
    run.write_json(run.manifest, told)
    with refused(RunError, f"{run.manifest}: {message}"):
        run.read_manifest()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model", [], "found [] as model, expected an object"),
        ("data", "a zip", "found 'a zip' as data, expected an object"),
        ("git", "8fed95c", "found '8fed95c' as git, expected an object"),
        ("started", "now", "found 'now' as started, expected a time in ISO 8601"),
        (
            "started",
            "2026-11-23T06:34:00",
            "found '2026-11-23T06:34:00' as started, expected a time",
        ),
        ("finished", "9999-12-31T23:59:59-10:00", "found '9999-12-31T23:59:59-10:00' as finished"),
        ("status", 1, "found 1 as status, expected text"),
        ("duration_s", "long", "found 'long' as duration_s, expected a number"),
        ("command", "har train", "found 'har train' as command, expected a list of texts"),
        ("resumed", {}, "found {} as resumed, expected a list of objects"),
        ("sessions", [3], "found 3 as sessions[0], expected an object"),
        ("sessions", [{"har": 1}], "found 1 as sessions[0].har, expected text"),
        ("folds", {"held_out_subjects": []}, "found no 'kind' in folds, expected a number"),
        (
            "folds",
            {"kind": 3, "held_out_subjects": [1]},
            "found [1] as folds.held_out_subjects, expected a list of lists of subjects",
        ),
    ],
)
def test_another_kind_of_section_is_named(run, told, key, value, message):
    run.write_json(run.manifest, {**told, key: value})
    with refused(RunError, f"{run.manifest}: {message}"):
        run.read_manifest()


@pytest.mark.parametrize("section", ["model", "training"])
def test_a_run_that_was_not_trained_has_a_manifest_but_no_description(run, told, section):
    del told[section]
    run.write_json(run.manifest, told)
    assert getattr(run.read_manifest(), section) is None
    with refused(
        RunError, f"{run.manifest}: found no '{section}', expected what describes a trained model"
    ):
        run.read_trained_manifest()


def test_a_trained_manifest_tells_the_same(run, told):
    run.write_json(run.manifest, told)
    trained = run.read_trained_manifest()
    assert isinstance(trained, TrainedManifest)
    assert trained.to_dict() == run.read_manifest().to_dict()


def test_a_long_value_is_shortened_in_the_message(run, told):
    told["model"]["n_timesteps"] = list(range(1000))
    run.write_json(run.manifest, told)
    with pytest.raises(RunError) as error:
        run.read_manifest()
    assert len(str(error.value)) < 200 + len(str(run.manifest))
