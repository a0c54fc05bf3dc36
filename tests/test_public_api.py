from __future__ import annotations

import subprocess
import sys

import pytest

import har

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
