"""The command line, run as a person would: most tests start from one tiny run on the real data."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import resource
import signal
import struct
import subprocess
import sys
import termios

import numpy as np
import pandas as pd
import pytest
import yaml
from command_line import TINY, start_long_training, the_one_line, wait_for_lines
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from har import __version__
from har.cli.main import INTERRUPTED, main
from har.datasets.catalogue import PUBLISHED
from har.datasets.published import READERS

VERBS = (
    "fetch",
    "inspect",
    "train",
    "cv",
    "tune",
    "baseline",
    "evaluate",
    "predict",
    "stream",
    "report",
    "compare",
)


@pytest.fixture(scope="session")
def windows_file(tmp_path_factory, uci_har):
    file = tmp_path_factory.mktemp("windows") / "windows.npy"
    np.save(file, uci_har.test.signals[:50])
    return file


def har(*arguments, **options):
    command = [sys.executable, "-m", "har", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=3600, **options)


def cpu_s_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_answers_within_half_a_second():
    durations_s = []
    for _ in range(3):
        # Of processes that ended: other programs may keep the cores busy.
        started_s = cpu_s_of_children()
        assert "verbs" in har("--help").stdout
        durations_s.append(cpu_s_of_children() - started_s)
    assert min(durations_s) < 0.5


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["train", "--help"], ["inspect", "{data}"], ["report", "{run}"]],
)
def test_verbs_that_do_not_compute_never_load_mxnet(arguments, run, data_root):
    code = (
        "import sys\nfrom har.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print('loaded' if 'mxnet' in sys.modules else 'mxnet was not loaded')"
    )
    places = {"{run}": str(run), "{data}": str(data_root)}
    arguments = [places.get(argument, argument) for argument in arguments]
    environment = {**os.environ, "HAR_DATA": str(data_root)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert done.stdout.strip().endswith("mxnet was not loaded")


def test_fetch_never_loads_mxnet():
    code = "import sys, har.datasets.loading, har.cli.main; sys.exit('mxnet' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_version_is_told(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out.strip() == f"har {__version__}"


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_explains_itself_with_an_example(verb, capsys):
    with pytest.raises(SystemExit) as stop:
        main([verb, "--help"])
    assert stop.value.code == 0
    assert f"example: har {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["train", "cv", "tune"])
def test_help_of_verbs_that_take_settings_names_each(verb, capsys):
    from har.recipes import SETTINGS

    with pytest.raises(SystemExit):
        main([verb, "--help"])
    text = capsys.readouterr().out
    assert [setting for setting in SETTINGS if f"--{setting} " not in text] == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["teach"],
        ["train", "--threads", "two"],
        ["evaluate"],
        ["report", "x", "--seed", "1"],
        ["fetch", "iris"],
    ],
)
def test_a_wrong_command_line_exits_with_2(arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2


def test_a_misspelt_setting_exits_with_2_and_names_the_nearest(capsys):
    assert main(["train", "--model.hiden_size", "3"]) == 2
    assert "did you mean model.hidden_size?" in the_one_line(capsys)


def test_a_misspelt_key_in_a_recipe_exits_with_1_and_names_the_line(tmp_path, capsys):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("seed: 1\ntraining:\n  n_epoch: 3\n")
    assert main(["train", "--config", str(recipe)]) == 1
    line = the_one_line(capsys)
    assert f"{recipe}, line 3" in line
    assert "did you mean training.n_epochs?" in line


def test_a_gpu_that_this_mxnet_cannot_use_is_one_line_with_the_wheel_to_install(capsys):
    assert main(["train", "--device", "gpu(0)"]) == 1
    line = the_one_line(capsys)
    assert "CPU build" in line
    assert "mxnet-cu" in line


def test_data_that_is_not_there_is_one_line_and_no_run_folder(tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", "--data.root", str(tmp_path / "no"), "--out", str(out)]) == 1
    assert str(tmp_path / "no") in the_one_line(capsys)
    assert not out.exists()


def test_an_unwritable_out_is_one_line(tmp_path, data_root, capsys, uci_har):
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "run"
    assert main(["train", "--data.root", str(data_root), "--out", str(out)]) == 1
    assert str(out) in the_one_line(capsys)


def test_train_leaves_every_file_of_a_run(run):
    names = {path.name for path in run.iterdir()}
    assert names == {
        "config.yaml",
        "manifest.json",
        "metrics.jsonl",
        "model-symbol.json",
        "model-0000.params",
        "evaluation.json",
        "predictions.csv",
        "figures",
        "report.html",
        "report.md",
    }
    assert list((run / "figures").glob("*.png"))


def test_the_manifest_tells_what_was_trained_on_what(run, uci_har):
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["data"]["fingerprint"] == uci_har.fingerprint
    assert (manifest["data"]["name"], manifest["data"]["notes"]) == ("UCI HAR", [])
    assert manifest["command"][:2] == ["har", "train"]
    training = manifest["training"]
    subjects = set(training["train_subjects"]) | set(training["validation_subjects"])
    assert subjects == set(uci_har.train.subject_names)
    assert len((run / "metrics.jsonl").read_text().splitlines()) == training["n_epochs"] == 2
    assert yaml.safe_load((run / "config.yaml").read_text())["model"]["hidden_size"] == 6


def test_anyone_can_recompute_the_evaluation_from_the_predictions(run, uci_har):
    evaluation = json.loads((run / "evaluation.json").read_text())
    table = pd.read_csv(run / "predictions.csv")
    activities = list(uci_har.test.activities)
    assert table["index"].tolist() == list(range(2947))
    assert table["subject"].tolist() == uci_har.test.subjects.tolist()
    assert table["true"].tolist() == [activities[label] for label in uci_har.test.labels]
    probabilities = table[[f"p_{activity}" for activity in activities]].to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    predicted = [activities[place] for place in probabilities.argmax(axis=1)]
    assert table["predicted"].tolist() == predicted
    assert evaluation["n_windows"] == 2947
    assert evaluation["accuracy"] == pytest.approx(accuracy_score(table["true"], predicted))
    assert evaluation["macro_f1"] == pytest.approx(
        f1_score(table["true"], predicted, average="macro", zero_division=0)
    )
    matrix = confusion_matrix(table["true"], predicted, labels=activities)
    assert evaluation["confusion_matrix"] == matrix.tolist()
    assert sum(row["n_windows"] for row in evaluation["per_subject"].values()) == 2947


def test_a_folder_that_is_not_empty_is_refused_without_overwrite(tmp_path, data_root, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    arguments = ["train", *TINY, "--out", str(tmp_path), "--data.root", str(data_root)]
    arguments += ["--training.n_epochs", "1"]
    assert main(arguments) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main([*arguments, "--overwrite"]) == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (tmp_path / "report.html").exists()


def test_evaluate_scores_a_run_again_with_the_same_result(run, data_root, capsys):
    before = (run / "evaluation.json").read_text()
    assert main(["evaluate", str(run), "--data.root", str(data_root)]) == 0
    assert (run / "evaluation.json").read_text() == before
    assert str(run / "report.html") in capsys.readouterr().out


def test_predict_says_the_same_as_the_evaluation(run, windows_file, tmp_path):
    out = tmp_path / "predictions.csv"
    assert main(["predict", str(run), str(windows_file), "--out", str(out)]) == 0
    table, expected = pd.read_csv(out), pd.read_csv(run / "predictions.csv")[:50]
    pd.testing.assert_frame_equal(table, expected.drop(columns=["subject", "true"]), rtol=1e-5)


def test_predict_writes_to_standard_output_and_sums_up_elsewhere(run, windows_file, capsys):
    assert main(["predict", str(run), str(windows_file)]) == 0
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 51
    assert "50 windows" in captured.err


def test_predict_answers_unknown_below_the_threshold(run, windows_file, tmp_path, capsys):
    always, cautious = tmp_path / "always.csv", tmp_path / "cautious.csv"
    assert main(["predict", str(run), str(windows_file), "--out", str(always)]) == 0
    expected = pd.read_csv(always)
    highest = expected.filter(like="p_").max(axis=1)
    threshold = round(float(highest.median()), 4)
    capsys.readouterr()
    options = ["--abstain-below", str(threshold), "--out", str(cautious)]
    assert main(["predict", str(run), str(windows_file), *options]) == 0
    is_unknown = highest < threshold
    expected["predicted"] = expected["predicted"].mask(is_unknown, "UNKNOWN")
    pd.testing.assert_frame_equal(pd.read_csv(cautious), expected)
    assert f"UNKNOWN {is_unknown.mean():.1%}" in capsys.readouterr().err


def test_predict_refuses_what_is_no_array(run, tmp_path, capsys):
    (tmp_path / "walk.npy").write_text("time,acc_x\n0,1\n")
    assert main(["predict", str(run), str(tmp_path / "walk.npy")]) == 1
    assert "walk.npy" in the_one_line(capsys)


def test_predict_to_a_place_that_cannot_be_written_is_one_line(run, windows_file, tmp_path, capsys):
    out = tmp_path / "no folder" / "out.csv"
    assert main(["predict", str(run), str(windows_file), "--out", str(out)]) == 1
    assert str(out) in the_one_line(capsys)


def test_a_reader_that_closes_the_pipe_gets_no_traceback(run, windows_file):
    command = f"{sys.executable} -m har predict {run} {windows_file} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("index,predicted,p_WALKING")
    assert "Traceback" not in done.stderr


def test_report_is_made_again_without_the_data(run, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("HAR_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    config = yaml.safe_load((run / "config.yaml").read_text())
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in run.iterdir():
        if file.is_file() and file.name != "report.html":
            (copy / file.name).write_bytes(file.read_bytes())
    config["data"]["root"] = None
    (copy / "config.yaml").write_text(yaml.safe_dump(config))
    assert main(["report", str(copy)]) == 0
    assert (copy / "report.html").exists()
    assert "without their signals" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["evaluate", "report"])
def test_a_folder_that_is_no_run_is_one_line(verb, tmp_path, capsys):
    assert main([verb, str(tmp_path)]) == 1
    assert str(tmp_path) in the_one_line(capsys)


def test_inspect_shows_counts_ranges_and_units(data_root, capsys):
    assert main(["inspect", str(data_root)]) == 0
    text = capsys.readouterr().out
    for expected in ("7352 training and 2947 test windows", "LAYING", "rad/s", "Problems", "none"):
        assert expected in text


def test_inspect_shows_hapt_where_it_is_asked_for(data_root, capsys):
    assert main(["inspect", str(data_root), "--data.set", "hapt"]) == 0
    text = capsys.readouterr().out
    for expected in ("HAPT, ", "7767 training and 3162 test windows", "LIE_TO_STAND", "40 of 1214"):
        assert expected in text
    assert text.rstrip().endswith("Problems\n  none")


@pytest.mark.parametrize(("settings", "name"), [([], "UCI HAR"), (["--data.set=hapt"], "HAPT")])
def test_inspect_of_something_else_is_one_line(settings, name, tmp_path, capsys):
    assert main(["inspect", str(tmp_path), *settings]) == 1
    assert f"{tmp_path}: found no {name} in it" in the_one_line(capsys)


def test_every_published_set_can_be_fetched():
    assert set(PUBLISHED) == set(READERS)


@pytest.mark.parametrize(("arguments", "name"), [([], "UCI HAR"), (["hapt"], "HAPT")])
def test_fetch_says_what_is_there_and_what_its_use_asks_for(arguments, name, data_root, capsys):
    assert main(["fetch", *arguments, "--to", str(data_root)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{name}, ") and "training and" in first
    assert second.startswith("Use must cite ") and "archive.ics.uci.edu/dataset/" in second


def test_a_run_on_chosen_activities_of_hapt_is_scored_on_them_again(data_root, tmp_path, capsys):
    out, root = tmp_path / "run", ["--data.root", str(data_root)]
    chosen = ["--data.set", "hapt", "--data.activities", "[LAYING, SIT_TO_LIE]"]
    assert main(["train", *TINY, *root, *chosen, "--out", str(out)]) == 0
    before = json.loads((out / "evaluation.json").read_text())
    assert before["n_windows"] == 545 + 32
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["data"]["name"] == "HAPT"
    assert manifest["model"]["activities"] == ["LAYING", "SIT_TO_LIE"]
    assert main(["evaluate", str(out), *root]) == 0
    assert json.loads((out / "evaluation.json").read_text()) == before
    assert main(["report", str(out), *root]) == 0
    assert "at hand" not in capsys.readouterr().err


def test_ctrl_c_ends_with_one_line_and_keeps_the_figures_so_far(tmp_path, data_root, uci_har):
    out = tmp_path / "run"
    process = start_long_training(out, data_root, stderr=subprocess.PIPE, text=True)
    wait_for_lines(out / "metrics.jsonl", 1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=600)
    assert process.returncode == INTERRUPTED
    assert "Traceback" not in errors
    last_line = errors.strip().splitlines()[-1]
    assert last_line.startswith("har: interrupted after epoch ")
    assert str(out) in last_line
    assert json.loads((out / "manifest.json").read_text())["status"] == "interrupted"
    assert not (out / "model-0000.params").exists()
    assert main(["report", str(out)]) == 0
    assert "Training was interrupted" in (out / "report.html").read_text()


def test_a_terminal_shows_a_progress_bar(tmp_path, data_root, uci_har):
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
    process = start_long_training(tmp_path / "run", data_root, stderr=terminal)
    os.close(terminal)
    wait_for_lines(tmp_path / "run" / "metrics.jsonl", 2)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=600)
    shown = os.read(controller, 100_000).decode()
    os.close(controller)
    for expected in ("%|", "loss 0.", "validation", "windows/s"):
        assert expected in shown


def test_elsewhere_each_epoch_is_a_plain_line(tmp_path, data_root, capsys, uci_har):
    arguments = ["train", *TINY, "--out", str(tmp_path / "run"), "--data.root", str(data_root)]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if line.startswith("epoch")]
    assert [line.split()[1] for line in lines] == ["1/2", "2/2"]
    assert "\r" not in captured.err
    assert captured.out.strip().endswith("report.html")
