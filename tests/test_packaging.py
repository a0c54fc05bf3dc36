from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_a_wheel_carries_recipes_templates_and_tables(tmp_path):
    # setuptools leaves its build folder beside the source.
    source = shutil.copytree(ROOT, tmp_path / "source", ignore=shutil.ignore_patterns(".*", "runs"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(tmp_path), str(source)], check=True)
    (wheel,) = tmp_path.glob("har-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    recipes = {f"har/configs/{path.name}" for path in (ROOT / "configs").glob("*.yaml")}
    templates = {
        f"har/report/templates/{path.name}" for path in (ROOT / "har/report/templates").iterdir()
    }
    assert recipes | templates | {"har/datasets/uci_har_windows.csv", "har/py.typed"} <= names


def test_no_requirement_lets_numpy_2_in():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert "numpy>=1.26,<2" in setup["options"]["install_requires"].split("\n")
