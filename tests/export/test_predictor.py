"""The predictor that needs NumPy alone, against har: every option, samples, and other files."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from exported_models import SETTINGS, options_in_words, random_model, windows_of
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from walkers import samples_of

from har.export import numpy_file, predictor
from har.export.predictor import Model, Stream
from har.signals.channels import RAW_CHANNELS, WINDOW_STEP
from har.signals.filters import channels_from
from har.signals.streaming import UciHarStream, WindowStream

NUMPY_PATH = str(Path(np.__file__).parents[1])


def written(model, folder):
    """Export a model and read it back by the predictor."""
    numpy_file.write(model, folder)
    return Model(str(folder / numpy_file.MODEL_NAME))


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numpy")
    model = random_model({"pooling": "mean_max", "bidirectional": True, "summary_size": 4})
    return model, folder, written(model, folder)


@pytest.mark.parametrize("options", SETTINGS, ids=options_in_words)
def test_probabilities_are_those_of_har(options, tmp_path):
    model = random_model(options)
    windows = windows_of(model)
    expected = model.predict_proba(windows)
    assert_allclose(written(model, tmp_path).probabilities(windows), expected, rtol=0, atol=1e-5)
    # Else all weights could be wrong.
    assert np.ptp(expected, axis=1).min() > 0.005


@settings(max_examples=12, deadline=None)
@given(
    options=st.fixed_dictionaries(
        {
            "pooling": st.sampled_from(["last", "sum", "mean", "max", "mean_max", "attention"]),
            "bidirectional": st.booleans(),
            "n_layers": st.integers(1, 2),
            "hidden_size": st.integers(1, 6),
            "embedding_size": st.integers(0, 3),
            "summary_size": st.integers(0, 3),
            "align_heading": st.booleans(),
            "views": st.lists(
                st.sampled_from(["channels", "compressed", "normalised"]),
                min_size=1,
                max_size=3,
                unique=True,
            ).map(tuple),
        }
    ),
    convolutions=st.one_of(
        st.just({}),
        st.fixed_dictionaries(
            {
                "conv_channels": st.integers(1, 5),
                "conv_layers": st.integers(1, 2),
                "conv_kernel": st.integers(1, 7),
                "conv_stride": st.integers(1, 3),
                "conv_skip": st.booleans(),
            }
        ),
    ),
    temperature=st.one_of(st.none(), st.floats(0.3, 3)),
    scale=st.sampled_from([1e-3, 0.3, 3.0]),
    seed=st.integers(0, 100),
)
def test_probabilities_are_those_of_har_with_any_options(
    options, convolutions, temperature, scale, seed, tmp_path_factory
):
    model = random_model({**options, **convolutions}, temperature=temperature, seed=seed)
    windows = windows_of(model, seed=seed, scale=scale)
    found = written(model, tmp_path_factory.mktemp("any")).probabilities(windows)
    assert_allclose(found, model.predict_proba(windows), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "channels",
    [("acc_x", "acc_y", "acc_z", "gyro_x"), ("strange", "other"), channels_from(RAW_CHANNELS[:3])],
)
def test_other_channels_are_predicted_as_har_does(channels, tmp_path):
    model = random_model({"summary_size": 3, "pooling": "mean"}, channels, n_timesteps=17)
    windows = windows_of(model)
    found = written(model, tmp_path).probabilities(windows)
    assert_allclose(found, model.predict_proba(windows), rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_raw", [6, 3])
@pytest.mark.parametrize("pieces", [[1000], [1] * 200 + [800], [127, 1, 1, 500, 371]])
def test_samples_in_any_pieces_become_the_windows_of_har(n_raw, pieces, tmp_path):
    channels = channels_from(RAW_CHANNELS[:n_raw])
    model = random_model({"pooling": "mean"}, channels, n_timesteps=128)
    samples = samples_of(("stand", 5), ("walk", 15))[:, :n_raw]
    stream = Stream(written(model, tmp_path))
    cuts = np.split(samples, np.cumsum(pieces)[:-1])
    found = np.concatenate([stream.push(cut) for cut in cuts])
    filters, windows = UciHarStream(n_raw), WindowStream(128, WINDOW_STEP, len(channels))
    signals = windows.push(filters.push(samples)).signals
    assert len(found) == len(signals) == 14
    assert_allclose(found, model.predict_proba(signals), rtol=0, atol=1e-5)


def test_channels_are_those_of_the_filters_of_har(exported):
    samples = samples_of(("lie", 4), ("walk", 20))
    found = Stream(exported[2]).channels(samples)
    assert_allclose(found, UciHarStream().push(samples), rtol=0, atol=1e-9)


def test_a_first_piece_may_be_empty(exported):
    stream, undisturbed = Stream(exported[2]), Stream(exported[2])
    samples = samples_of(("walk", 6))
    assert len(stream.push(samples[:0])) == 0
    assert_array_equal(stream.push(samples), undisturbed.push(samples))


@pytest.mark.parametrize(
    "samples", [np.zeros((5, 4)), np.zeros(6), np.full((2, 6), np.nan), np.full((1, 6), np.inf)]
)
def test_what_is_no_sample_is_refused_and_forgotten(exported, samples):
    stream, undisturbed = Stream(exported[2]), Stream(exported[2])
    good = samples_of(("walk", 4))
    assert_array_equal(stream.push(good[:50]), undisturbed.push(good[:50]))
    with pytest.raises(ValueError, match=r"expected \(n, 6,\)"):
        stream.push(samples)
    assert_array_equal(stream.push(good[50:]), undisturbed.push(good[50:]))


def test_windows_of_another_shape_are_refused(exported):
    with pytest.raises(ValueError, match=r"found \(2, 7, 9\), .* expected \(n, 32, 9\)"):
        exported[2].probabilities(np.zeros((2, 7, 9)))


def damaged(folder, content):
    file = folder / "model.npz"
    file.write_bytes(content)
    return str(file)


class _Harmful:
    """Would create a file if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("form", ["pickle", "npy", "npz"])
def test_a_pickled_file_is_refused_and_never_unpickled(form, tmp_path):
    trace, file = tmp_path / "trace", tmp_path / "model.npz"
    harmful = np.array([_Harmful(trace)], dtype=object)
    with file.open("wb") as stream:
        if form == "pickle":
            pickle.dump(harmful, stream)
        elif form == "npy":
            np.save(stream, harmful, allow_pickle=True)
        else:
            np.savez(stream, about=harmful)
    with pytest.raises(ValueError, match=r"model\.npz: found .*expected a model\.npz of har"):
        Model(str(file))
    assert not trace.exists()


def test_damaged_files_are_refused_in_one_line(exported, tmp_path):
    whole = (exported[1] / "model.npz").read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2]):
        with pytest.raises(ValueError, match="expected a model.npz of har") as caught:
            Model(damaged(tmp_path, content))
        assert "\n" not in str(caught.value)
    np.savez(tmp_path / "model.npz", about=np.frombuffer(b"{}", np.uint8))
    with pytest.raises(ValueError, match="expected a model.npz of har"):
        Model(str(tmp_path / "model.npz"))


def test_the_file_runs_where_there_is_numpy_alone(exported, tmp_path):
    model, folder, _ = exported
    samples = samples_of(("stand", 2), ("walk", 3))
    table = tmp_path / "samples.csv"
    # With columns that are not asked for, and in another order.
    rows = np.column_stack([np.arange(len(samples)) / 50, samples[:, ::-1]])
    heading = ",".join(["time_s", *reversed(RAW_CHANNELS)])
    np.savetxt(table, rows, delimiter=",", header=heading, comments="")
    (tmp_path / "numpy").symlink_to(Path(np.__file__).parent)
    for libraries in Path(NUMPY_PATH).glob("numpy.libs"):
        (tmp_path / "numpy.libs").symlink_to(libraries)
    script = (
        "import runpy, sys; sys.path = [p for p in sys.path if 'site-packages' not in p]; "
        f"sys.path.append({str(tmp_path)!r}); sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__'); "
        "assert not {'har', 'scipy', 'mxnet'} & set(sys.modules)"
    )
    files = [folder / "har_predictor.py", folder / "model.npz", table]
    command = [sys.executable, "-I", "-c", script, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    stream = UciHarStream()
    channels = np.concatenate([stream.push(samples), stream.finish()])
    windows = WindowStream(32, 32, 9).push(channels).signals
    expected = model.predict_proba(windows)
    lines = [f"{model.window_format.activities[row.argmax()]} {row.max():.3f}" for row in expected]
    assert done.stdout.splitlines() == lines


def test_without_arguments_it_says_what_it_takes(exported):
    done = subprocess.run(
        [sys.executable, exported[1] / "har_predictor.py"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "har_predictor.py model.npz samples.csv" in done.stderr


def test_it_is_one_readable_file():
    lines = Path(predictor.__file__).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 200
    assert max(map(len, lines)) <= 100
    assert not [line for line in lines if line.startswith(("from har", "import har"))]
