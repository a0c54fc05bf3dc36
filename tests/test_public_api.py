from __future__ import annotations

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import har
from har.errors import Interrupted

ROOT = Path(__file__).parents[1]
PUBLIC = {
    "ActivityClassifier",
    "Config",
    "ConfigError",
    "DataError",
    "DeviceError",
    "Evaluation",
    "HarError",
    "Recording",
    "RunError",
    "Stretch",
    "UsageError",
    "Windows",
    "load_config",
    "load_uci_har",
    "read_recording",
    "sliding_windows",
}


def test_the_public_names_are_these_and_no_others():
    assert set(har.__all__) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_each_public_name_is_there_and_documented(name):
    assert getattr(har, name).__doc__.strip()


def test_importing_the_package_loads_neither_mxnet_nor_numpy():
    code = "import sys, har; print({'mxnet', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_errors_that_a_user_can_cause_share_one_base():
    for name in ("ConfigError", "DataError", "DeviceError", "RunError", "UsageError"):
        assert issubclass(getattr(har, name), har.HarError)
    assert har.UsageError.exit_status == 2
    assert har.HarError.exit_status == 1


def test_the_stub_declares_the_public_names_and_the_version():
    stub = ast.parse((ROOT / "har" / "__init__.pyi").read_text())
    imported = [
        alias.name for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    assert sorted(imported) == sorted(PUBLIC)
    (exported,) = (
        ast.literal_eval(node.value) for node in stub.body if isinstance(node, ast.Assign)
    )
    assert set(exported) == PUBLIC
    (version,) = (node for node in stub.body if isinstance(node, ast.AnnAssign))
    assert ast.unparse(version) == "__version__: str"


def test_what_is_not_public_is_not_there():
    with pytest.raises(AttributeError, match="reed_recording"):
        _ = har.reed_recording


# What README's Python lines do, and the type that a checker should find for each.
TYPED = {
    'har.load_config("quick")': "har.config.Config",
    'har.load_uci_har("data")': "tuple[har.signals.windows.Windows, har.signals.windows.Windows]",
    "har.ActivityClassifier(config).fit(train)": "har.classifier.ActivityClassifier",
    "classifier.evaluate(test)": "har.evaluation.metrics.Evaluation",
    'har.ActivityClassifier.load("runs/lstm")': "har.classifier.ActivityClassifier",
    'har.read_recording("walk.csv")': "har.signals.recording.Recording",
    "har.UsageError.exit_status": "int",
    "har.__version__": "str",
}


@pytest.mark.slow
def test_a_type_checker_sees_the_public_names(tmp_path):
    lines = [
        "import har",
        "def use(config: har.Config, train: har.Windows, test: har.Windows) -> None:",
        "    classifier = har.ActivityClassifier(config)",
        *(f"    reveal_type({expression})" for expression in TYPED),
        "    har.load_configuration()",
    ]
    (tmp_path / "use.py").write_text("\n".join(lines))
    command = [sys.executable, "-m", "mypy", "--no-pretty", str(tmp_path / "use.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    *revealed, unknown, total = done.stdout.splitlines()
    types = [line.split('Revealed type is "')[1].rstrip('"') for line in revealed]
    assert types == list(TYPED.values())
    assert 'Module has no attribute "load_configuration"' in unknown
    assert total.startswith("Found 1 error in 1 file")


def test_an_interruption_is_caught_with_the_errors_and_has_the_status_of_shells():
    assert issubclass(Interrupted, har.HarError)
    assert Interrupted.exit_status == 128 + signal.SIGINT
