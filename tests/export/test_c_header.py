"""The C header against har: compiled with every warning and sanitiser, fed sample by sample."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from builders import refused
from exported_models import SETTINGS, options_in_words, random_model
from numpy.testing import assert_allclose, assert_array_equal
from recipe_runs import RECIPES, recipe_run
from speed.exported import compiled, judged, size_of_state
from walkers import samples_of

from har.datasets.file_trees import trees_at
from har.datasets.hapt_recordings import find_recordings, holds_recordings
from har.errors import DataError
from har.export import c_header
from har.export.trained_model import TrainedModel
from har.signals.channels import RAW_CHANNELS, WINDOW_STEP
from har.signals.filters import channels_from
from har.signals.streaming import UciHarStream, WindowStream

STRICT = ["-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover"]
with_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
SAMPLES = samples_of(("stand", 3), ("walk", 6))


def windows_of_har(model, samples):
    """Give the windows that har makes of live samples."""
    channels, n_timesteps = model.window_format.channels, model.window_format.n_timesteps
    filters = UciHarStream(samples.shape[1])
    windows = WindowStream(n_timesteps, WINDOW_STEP, len(channels))
    return windows.push(filters.push(samples)).signals


def probabilities_in_c(model, folder, samples=SAMPLES, weights="float32"):
    header = folder / "har_model.h"
    lines = c_header.write(model, header, weights)
    program = compiled(header, *STRICT)
    return judged(program, samples, len(model.window_format.activities)), lines, program


# Nearly all of them meet in the first two; compiling the others takes long.
MANY_AT_ONCE = [
    {
        "pooling": "attention",
        "bidirectional": True,
        "views": ("normalised", "channels", "compressed"),
        "conv_channels": 4,
        "conv_kernel": 4,
        "conv_layers": 3,
        "conv_skip": True,
        "embedding_size": 3,
        "summary_size": 5,
        "n_members": 2,
        "n_aligned_members": 1,
    },
    {"pooling": "mean_max", "n_layers": 2, "standardise": False},
]
SLOWLY = [pytest.param(options, marks=pytest.mark.slow) for options in SETTINGS]


@with_gcc
@pytest.mark.parametrize("options", [*MANY_AT_ONCE, *SLOWLY], ids=options_in_words)
def test_probabilities_are_those_of_har(options, tmp_path):
    model = random_model(options)
    found, lines, program = probabilities_in_c(model, tmp_path)
    expected = model.predict_proba(windows_of_har(model, SAMPLES))
    assert len(found) == len(expected) == 7
    assert_allclose(found, expected, rtol=0, atol=1e-4)
    # Else all weights could be wrong.
    assert np.ptp(expected, axis=1).min() > 0.005
    assert lines[2].startswith(f"RAM: {size_of_state(program) / 1000:,.1f} kB")


@with_gcc
@pytest.mark.parametrize("n_timesteps", [128, 47])
def test_a_phone_without_a_gyroscope_and_any_length_of_windows(n_timesteps, tmp_path):
    channels = channels_from(RAW_CHANNELS[:3])
    options = {"summary_size": 5, "pooling": "mean_max", "align_heading": True}
    model = random_model(options, channels, n_timesteps, temperature=None)
    found, lines, program = probabilities_in_c(model, tmp_path, SAMPLES[:, :3])
    expected = model.predict_proba(windows_of_har(model, SAMPLES[:, :3]))
    assert_allclose(found, expected, rtol=0, atol=1e-4)
    assert lines[2].startswith(f"RAM: {size_of_state(program) / 1000:,.1f} kB")


@with_gcc
def test_a_window_is_complete_as_early_as_in_a_stream(tmp_path):
    model = random_model({"pooling": "mean"}, n_timesteps=128)
    *_, program = probabilities_in_c(model, tmp_path)
    # The median waits for one sample.
    for n_samples, n_windows in ((128, 0), (129, 1), (192, 1), (193, 2)):
        assert len(judged(program, SAMPLES[:n_samples], 6)) == n_windows


@with_gcc
def test_samples_that_are_no_numbers_are_not_taken_in(tmp_path):
    model = random_model({"pooling": "mean"})
    disturbed = np.insert(SAMPLES, 100, np.nan, axis=0)
    disturbed = np.insert(disturbed, 0, np.inf, axis=0)
    undisturbed, _, program = probabilities_in_c(model, tmp_path)
    assert_array_equal(judged(program, disturbed, 6), undisturbed)


@with_gcc
def test_whole_numbers_are_near_the_weights(tmp_path):
    options = {"pooling": "mean_max", "bidirectional": True, "conv_channels": 8, "summary_size": 16}
    model = random_model(options)
    found, lines, _ = probabilities_in_c(model, tmp_path, weights="int8")
    expected = model.predict_proba(windows_of_har(model, SAMPLES))
    assert np.abs(found - expected).max() < 0.1
    assert lines[0].endswith("with weights in int8")


@with_gcc
def test_the_lines_of_the_readme_are_a_program(tmp_path):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"```c\n(.*?)```", readme, flags=re.DOTALL)
    model = random_model({"pooling": "mean"})
    c_header.write(model, tmp_path / "har_model.h")
    main = """
        int main(void) {
            const float acc_g[3] = {0.97f, -0.1f, -0.05f}, gyro_rad_s[3] = {0.0f, 0.01f, 0.0f};
            har_init(&state);
            for (int i = 0; i < 128; i++)
                every_20_ms(acc_g, gyro_rad_s);
            return 0;
        }
    """
    (tmp_path / "main.c").write_text(lines + main)
    command = ["gcc", "-std=c99", *STRICT, "main.c", "-lm", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True)
    # Of windows that begin with samples 0 and 64.
    still = np.tile(np.float32([[0.97, -0.1, -0.05, 0.0, 0.01, 0.0]]), (128, 1))
    best = model.predict_proba(windows_of_har(model, still)).argmax(axis=1)
    assert done.stdout.split() == [model.window_format.activities[place] for place in best]


def test_a_row_of_whole_numbers_is_within_half_a_step():
    matrix = np.random.default_rng(0).normal(size=(5, 40)).astype(np.float32)
    matrix[3] = 0
    whole, scale = c_header.quantised(matrix)
    assert whole.dtype == np.int8
    assert (np.abs(whole * scale[:, None] - matrix) <= 0.5001 * scale[:, None]).all()


def test_names_of_activities_cannot_break_out(tmp_path):
    model = random_model({})
    names = ('"; system("x', "??/ \\ \n", "läuft", "A", "B", "C")
    object.__setattr__(model.window_format, "activities", names)
    c_header.write(model, tmp_path / "har_model.h")
    text = (tmp_path / "har_model.h").read_text(encoding="ascii")
    assert r'"\042\073\040system\050\042x"' in text
    assert "??" not in text


def test_other_channels_than_those_of_uci_har_are_refused(tmp_path):
    model = random_model({}, channels=("acc_x", "acc_y", "acc_z"))
    with refused(DataError, "found one of acc_x, acc_y, acc_z at 50 Hz, expected body_acc_x"):
        c_header.write(model, tmp_path / "har_model.h")


@with_gcc
@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES)
def test_it_agrees_on_a_real_recording_with_every_recipe(
    recipe, data_root, tmp_path_factory, tmp_path
):
    (tree,) = filter(holds_recordings, trees_at(data_root / "hapt.zip"))
    recordings = find_recordings(tree)
    samples = recordings[max(recordings)].read().samples
    model = TrainedModel.read(recipe_run(recipe, tmp_path_factory, data_root))
    expected = model.predict_proba(windows_of_har(model, samples))
    found, *_ = probabilities_in_c(model, tmp_path, samples)
    assert np.abs(found - expected).max() <= 1e-4
    rounded, *_ = probabilities_in_c(model, tmp_path, samples, "int8")
    n_same = np.sum(rounded.argmax(axis=1) == expected.argmax(axis=1))
    assert n_same >= 0.95 * len(expected)
    assert np.abs(rounded - expected).max() < 0.1
