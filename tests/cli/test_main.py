"""What all verbs have in common, on the command line and from Python."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import logging
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import the_one_line
from tqdm import tqdm

import har as package
from har import __version__
from har.cli.main import main
from har.cli.parser import build_parser, parse
from har.errors import DataError, RunError, UsageError

# Each verb with the least that it must be given.
VERBS = {
    "fetch": [],
    "inspect": ["data.zip"],
    "train": [],
    "cv": [],
    "tune": [],
    "baseline": [],
    "evaluate": ["runs/small"],
    "adapt": ["runs/small", "recordings"],
    "predict": ["runs/small", "walk.csv"],
    "stream": ["runs/small"],
    "serve": ["runs/small"],
    "export": ["runs/small", "--to", "onnx"],
    "report": ["runs/small"],
    "compare": ["runs/small"],
}
# What `main` takes for itself.
OF_MAIN = {"module", "verbose", "quiet", "log_file"}


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


@pytest.mark.parametrize(
    ("modules", "never"),
    [
        ("har.cli.main, har.cli.verbs.fetch, har.cli.verbs.inspect", "mxnet sklearn matplotlib"),
        ("har.cli.verbs.predict, har.cli.verbs.stream", "mxnet sklearn matplotlib"),
        ("har.cli.verbs.train, har.cli.verbs.evaluate, har.cli.verbs.report", "mxnet sklearn"),
        ("har.classifier", "sklearn matplotlib"),
    ],
)
def test_verbs_load_only_what_they_use(modules, never):
    code = f"import sys, {modules}; print(set({never.split()}) & set(sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


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
        ["train", "--processes", "0"],
        ["evaluate"],
        ["report", "x", "--seed", "1"],
        ["fetch", "iris"],
    ],
)
def test_a_wrong_command_line_is_one_line_and_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert the_one_line(capsys).startswith("har: ")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["train", "--threads", "{}"], " for each core, or auto"),
        (["train", "--processes", "{}"], " for each core"),
        (["cv", "--threads", "{}"], " for each core"),
        (["cv", "--jobs", "{}"], " for each core"),
        (["cv", "--folds", "{}"], "a whole number from 2 to 1000, or loso"),
        (["cv", "--seeds", "{}"], "a whole number from 1 to 1000"),
        (["cv", "--only-folds", "0,{}"], "a whole number from 0 to 999"),
        (["tune", "--trials", "{}"], "a whole number from 1 to 100000"),
        (["predict", "run", "walk.csv", "--rate-hz", "{}"], "a number from 0.001 to 1e+06"),
        (["predict", "run", "walk.csv", "--abstain-below", "{}"], "a number from 0 to 1"),
        (["stream", "run", "--delay", "{}"], "a whole number from 0 to 2"),
        (["serve", "run", "--port", "{}"], "a whole number from 0 to 65535"),
        (["serve", "run", "--phones", "{}"], "a whole number from 1 to 1000"),
    ],
)
def test_each_number_on_the_command_line_has_bounds_that_are_told(arguments, expected, capsys):
    for value in ("-1", "100001000", str(2**63), "1" + 400 * "0", 5000 * "1", "nan", "inf", "x\n"):
        with pytest.raises(SystemExit) as stop:
            # A value that begins with a minus is taken for one only behind an equals sign.
            *before, option, template = arguments
            main([*before, f"{option}={template.format(value)}"])
        assert stop.value.code == 2
        line = the_one_line(capsys)
        assert line.startswith(f"har: {option}: found '") and expected in line


def test_what_is_no_option_is_shown_without_what_a_terminal_obeys(capsys):
    with pytest.raises(SystemExit):
        main(["report", "run", "--\x1b[2J\n"])
    line = the_one_line(capsys)
    assert line == r"har: unrecognized arguments: --\x1b[2J\n; see har --help"


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


@pytest.mark.parametrize("verb", ["evaluate", "report"])
def test_a_folder_that_is_no_run_is_one_line(verb, tmp_path, capsys):
    assert main([verb, str(tmp_path)]) == 1
    assert str(tmp_path) in the_one_line(capsys)


def module_of(verb):
    """Give the module of a verb, and the options that it is run with."""
    options = vars(parse([verb, *VERBS[verb]]))
    return importlib.import_module(f"har.cli.verbs.{options['module']}"), options


def keywords_of(verb):
    return inspect.signature(module_of(verb)[0].run).parameters


def test_these_are_all_verbs():
    (verbs,) = (action for action in build_parser()._actions if action.metavar == "VERB")
    assert list(verbs.choices) == list(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_options_of_a_verb_are_the_keywords_of_its_function(verb):
    _, options = module_of(verb)
    keywords = keywords_of(verb)
    assert set(options) - OF_MAIN == set(keywords)
    assert {keyword.kind for keyword in keywords.values()} == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_not_given_is_the_same_on_the_command_line_and_in_python(verb):
    _, options = module_of(verb)
    for name, keyword in keywords_of(verb).items():
        if name == "command":
            assert options[name] == ("har", verb, *VERBS[verb])
        elif keyword.default is not keyword.empty:
            assert options[name] == keyword.default, name


@pytest.mark.parametrize("verb", VERBS)
def test_each_keyword_of_a_verb_has_a_type_and_is_explained(verb):
    module, _ = module_of(verb)
    keywords, text = keywords_of(verb), inspect.getdoc(module.run)
    assert [name for name, keyword in keywords.items() if keyword.annotation is keyword.empty] == []
    assert re.findall(r"^(\w+) : ", text, flags=re.MULTILINE) == list(keywords)


def test_no_function_takes_parsed_options_or_a_callback_to_say_something_with():
    root, found = Path(package.__file__).parent, []
    for file in root.rglob("*.py"):
        name = str(file.relative_to(root))
        takes_options = name in {"cli/main.py", "cli/parser.py"}
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and not takes_options:
                text = ast.unparse(node.args)
                found += [f"{name}: {node.name}"] if re.search(r"\bsay\b|Namespace", text) else []
    assert found == []


def test_a_verb_is_a_function_for_python(run, tmp_path, capsys):
    from har.cli.verbs import report

    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "report.html").unlink()
    report.run(run=copy, data_root=None)
    captured = capsys.readouterr()
    assert captured.out == f"report: {copy / 'report.html'}\n"
    assert captured.err == ""
    assert (copy / "report.html").exists()


def test_a_verb_run_from_python_raises_what_a_person_can_mend(tmp_path):
    from har.cli.verbs import baseline, inspect, report

    with pytest.raises(RunError, match="found no config.yaml in it"):
        report.run(run=tmp_path)
    with pytest.raises(DataError, match="found no HAPT in it"):
        inspect.run(path=tmp_path, data_set="hapt")
    with pytest.raises(UsageError, match="found xgboost, expected logistic_regression, "):
        baseline.run(names=["xgboost"], out=tmp_path / "out.json")


@pytest.fixture
def broken(monkeypatch, tmp_path):
    """Let any verb raise an error: `broken("train", error)`; give the folder of temporary files."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def let(verb, error):
        def run(**_options):
            raise error

        monkeypatch.setattr(module_of(verb)[0], "run", run)
        return tmp_path

    return let


@pytest.mark.parametrize("verb", VERBS)
def test_a_fault_of_any_verb_is_one_line_status_70_and_a_file_with_the_traceback(
    verb, broken, capsys
):
    folder = broken(verb, KeyError("x\x1b[2J\n" * 1000))
    assert main([verb, *VERBS[verb]]) == os.EX_SOFTWARE == 70
    line = the_one_line(capsys)
    (file,) = folder.glob("har-fault-*.txt")
    assert line.startswith("har: this is a fault of har: KeyError: ")
    assert f"the traceback is in {file}; please report it with that file" in line
    assert line.isprintable() and len(line) < 510
    first, *_, last = file.read_text().splitlines()
    assert first.startswith(f"har {__version__}, Python 3.")
    assert last.startswith("KeyError: ")
    assert "in run" in file.read_text()


@pytest.mark.parametrize(
    "error",
    [ValueError(), RecursionError("deep"), OSError(9, "closed"), SyntaxError("x"), Exception],
)
def test_whatever_a_verb_raises_is_one_line(error, broken, capsys):
    broken("report", error)
    assert main(["report", "run"]) == 70
    assert the_one_line(capsys).startswith("har: this is a fault of har: ")


def test_too_little_memory_is_no_fault_and_status_1(broken, capsys):
    folder = broken("train", MemoryError("Unable to allocate 46 TiB"))
    assert main(["train"]) == 1
    assert the_one_line(capsys).startswith(
        "har: har train: found more than fits into memory, expected less data"
    )
    assert not list(folder.glob("har-fault-*"))


def test_verbose_shows_the_traceback_and_a_log_file_has_it(broken, tmp_path, capsys):
    broken("report", ZeroDivisionError("by zero"))
    assert main(["report", "run", "--verbose", "--log-file", str(tmp_path / "har.log")]) == 70
    *shown, last = capsys.readouterr().err.splitlines()
    assert shown[0] == "Traceback (most recent call last):"
    assert shown[-1] == "ZeroDivisionError: by zero"
    assert last.startswith("har: this is a fault of har: ZeroDivisionError: by zero; ")
    assert "Traceback" in (tmp_path / "har.log").read_text()


def test_a_fault_is_told_although_its_file_cannot_be_written(broken, monkeypatch, capsys):
    folder = broken("report", ValueError("odd"))
    monkeypatch.setattr("tempfile.tempdir", str(folder / "nowhere"))
    assert main(["report", "run"]) == 70
    line = the_one_line(capsys)
    assert "its traceback cannot be written: No such file or directory; --verbose shows" in line


def test_a_number_that_openmp_cannot_start_is_one_line_and_status_2(monkeypatch, capsys):
    monkeypatch.setenv("OMP_NUM_THREADS", "99999999999")
    assert main(["report", "run"]) == 2
    assert the_one_line(capsys).startswith("har: OMP_NUM_THREADS: found '99999999999', expected ")


@pytest.fixture
def chatty(monkeypatch):
    """Put a verb that tells something at each level in the place of ``har inspect``."""

    def run(*, path, **others):
        verb = logging.getLogger("har.cli.verbs.inspect")
        for level in ("debug", "info", "warning"):
            getattr(verb, level)("%s 5%%", level)
        sys.stdout.write("result\n")
        if path.name == "wrong":
            raise DataError("what is wrong")
        if path.name == "stop":
            raise KeyboardInterrupt

    monkeypatch.setattr("har.cli.verbs.inspect.run", run)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "info 5%\nhar: warning 5%\n"),
        (["--quiet"], "har: warning 5%\n"),
        (["-q"], "har: warning 5%\n"),
        (["--verbose"], "debug 5%\ninfo 5%\nhar: warning 5%\n"),
        (["-v"], "debug 5%\ninfo 5%\nhar: warning 5%\n"),
    ],
)
def test_how_much_is_shown_can_be_chosen_and_results_are_always_shown(
    options, expected, chatty, capsys
):
    for _ in range(2):  # Not twice the second time.
        assert main(["inspect", "data", *options]) == 0
        assert capsys.readouterr() == ("result\n", expected)


def test_errors_are_shown_even_if_it_is_to_be_quiet(chatty, capsys):
    assert main(["inspect", "wrong", "--quiet"]) == 1
    assert capsys.readouterr().err == "har: warning 5%\nhar: what is wrong\n"


def test_quiet_and_verbose_exclude_each_other(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["inspect", "data", "-v", "-q"])
    assert stop.value.code == 2
    assert "not allowed with" in the_one_line(capsys)


def test_ctrl_c_is_one_line_and_status_130(chatty, capsys):
    assert main(["inspect", "stop", "--quiet"]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "har: interrupted"


def test_ctrl_c_while_an_object_is_dropped_is_not_lost(monkeypatch, capsys):
    class Dropped:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    def run(**_options):
        Dropped()
        time.sleep(60)

    monkeypatch.setattr("har.cli.verbs.inspect.run", run)
    assert main(["inspect", "data"]) == 130
    assert capsys.readouterr().err == "har: interrupted\n"


def test_a_log_file_gets_everything_with_time_and_level_at_its_end(chatty, tmp_path, capsys):
    file = tmp_path / "har.log"
    file.write_text("earlier\n")
    assert main(["inspect", "wrong", "--log-file", str(file), "-q"]) == 1
    assert capsys.readouterr().err == "har: warning 5%\nhar: what is wrong\n"
    earlier, *lines = file.read_text().splitlines()
    assert earlier == "earlier"
    assert [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ ", "", line) for line in lines] == [
        "DEBUG har.cli.verbs.inspect: debug 5%",
        "INFO har.cli.verbs.inspect: info 5%",
        "WARNING har.cli.verbs.inspect: warning 5%",
        "ERROR har.cli.main: what is wrong",
    ]


def test_a_log_file_does_not_change_what_is_shown(chatty, tmp_path, capsys):
    assert main(["inspect", "data", "--log-file", str(tmp_path / "har.log")]) == 0
    assert capsys.readouterr().err == "info 5%\nhar: warning 5%\n"


def test_a_log_file_that_cannot_be_written_is_one_line_before_any_work(chatty, tmp_path, capsys):
    assert main(["inspect", "data", "--log-file", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert captured == ("", f"har: {tmp_path}: found Is a directory, expected a file to write to\n")


def test_nothing_is_left_of_a_command_in_the_logging_of_its_process(chatty, tmp_path):
    package = logging.getLogger("har")
    before = (package.handlers[:], package.level, package.propagate)
    main(["inspect", "wrong", "-v", "--log-file", str(tmp_path / "har.log")])
    assert (package.handlers, package.level, package.propagate) == before


def test_a_reader_that_closes_the_pipe_of_messages_ends_the_command(tmp_path):
    code = (
        "import logging, os, sys\n"
        "from har.cli import main\nfrom har.cli.verbs import inspect\n"
        "def run(**_):\n"
        "    while True:\n"
        "        logging.getLogger('har').info('and so on')\n"
        "inspect.run = run\n"
        "sys.exit(main.main(['inspect', 'data']))"
    )
    command = f'{sys.executable} -c "{code}" 2>&1 >{tmp_path / "out"} | head -n 1'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=600)
    assert done.stdout == "and so on\n"


def test_a_message_does_not_break_a_progress_bar(chatty, monkeypatch):
    terminal = io.StringIO()
    monkeypatch.setattr(sys, "stderr", terminal)
    with tqdm(total=2, file=terminal, ncols=40, miniters=1, mininterval=0) as bar:
        bar.update()
        main(["inspect", "data"])
    shown = terminal.getvalue()
    # The bar is wiped before the message, and drawn again below it.
    before, after = shown.split("info 5%\n")
    assert before.endswith("\r") and before.split("\r")[-2].strip() == ""
    assert "1/2" in after
