"""What is handed out: its name, what lies in it, and that it works where there is nothing else."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from har.errors import DISTRIBUTION, install_command

ROOT = Path(__file__).parents[1]
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg")
README, DESCRIPTION = (
    (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/PACKAGE.md")
)
# har, as pip would be told to install it: the name of another project on the package index.
FOREIGN = re.compile(r"(?<![\w./-])har\[\w|pip3? install [^\n]*?(?<=['\"` ])har(?=['\"`\s]|$)")


def git_files():
    """Name all files that git keeps, or would if they were added now."""
    if not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout: what belongs to it is not known")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in done.stdout.splitlines() if (ROOT / name).is_file()}


def test_the_distribution_has_one_name_for_setup_and_messages():
    assert SETUP["metadata"]["name"] == DISTRIBUTION
    assert install_command("tune") == f"pip install '{DISTRIBUTION}[tune]'"


@pytest.mark.parametrize(
    "text", ["pip install har", "pip install 'har[tune]'", "an extra, har[tune]"]
)
def test_the_name_of_the_other_project_would_be_found(text):
    assert FOREIGN.search(text)
    assert not FOREIGN.search(text.replace("har", DISTRIBUTION))


def test_no_code_page_or_document_says_to_install_the_other_project():
    for name in git_files() - {"tests/test_packaging.py"}:
        if Path(name).suffix in {".md", ".py", ".pyi", ".html", ".js", ".cfg", ".yaml", ""}:
            found = FOREIGN.search((ROOT / name).read_text(encoding="utf-8"))
            assert not found, f"{name}: {found}"


def test_every_extra_that_is_said_to_be_installed_is_one():
    said = set(re.findall(rf"{DISTRIBUTION}\[(\w+)\]", README + DESCRIPTION))
    called = "".join(path.read_text() for path in (ROOT / "har").rglob("*.py"))
    said |= set(re.findall(r"install_command\(['\"](\w+)['\"]\)", called))
    assert said == {"cluster", "excel", "onnx", "parquet", "rocket", "serve", "tune", "tensorboard"}
    assert said <= set(SETUP["options.extras_require"])


def requirements_of(extra=""):
    """Name what setup.cfg asks for, with an extra or without."""
    lines = SETUP["options"]["install_requires"].splitlines()
    lines += SETUP["options.extras_require"][extra].splitlines() if extra else []
    return [Requirement(line) for line in lines if line]


def pins_in(file):
    """Read the pinned versions of a file in requirements/."""
    lines = (ROOT / "requirements" / file).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize(
    ("file", "extra", "versions"),
    [
        ("run.txt", "", ["3.10", "3.11", "3.12", "3.13", "3.14"]),
        ("dev.txt", "dev", ["3.10", "3.11", "3.12", "3.13", "3.14"]),
        ("numpy-1.26.txt", "dev", ["3.10", "3.11", "3.12"]),
    ],
)
def test_the_pinned_versions_are_one_of_each_that_fits_what_is_asked_for(file, extra, versions):
    for version in versions:
        python = {"python_version": version, "python_full_version": f"{version}.0"}
        python |= {"sys_platform": "linux"}

        def applies(requirement, python=python):
            return requirement.marker is None or requirement.marker.evaluate(python)

        pins = {canonicalize_name(pin.name): pin for pin in filter(applies, pins_in(file))}
        assert len(pins) == sum(map(applies, pins_in(file)))
        assert ("numpy" in pins and "1.26" in str(pins["numpy"])) == ("1.26" in file)
        assert str(pins["mxnet"].specifier) == "==1.9.1"
        for asked_for in filter(applies, requirements_of(extra)):
            (pinned,) = pins[canonicalize_name(asked_for.name)].specifier
            # uv takes the newest pyarrow, as numpy is new too.
            if asked_for.name != "pyarrow" or "1.26" in file:
                assert pinned.version in asked_for.specifier, f"{asked_for} and {pinned}"


def test_what_the_scripts_installed_is_what_is_pinned():
    made_for = [
        path.name.removeprefix("installed-") for path in Path(sys.prefix).glob("installed-*")
    ]
    if not made_for:
        pytest.skip("this environment was not made by scripts/")
    # What tests need has the pins of what a training needs.
    name = "run" if made_for == ["run"] else max(made_for, key=lambda name: name != "run")
    pins = [pin for pin in pins_in(f"{name}.txt") if pin.marker is None or pin.marker.evaluate()]
    assert len(pins) > 30
    for pin in pins:
        assert metadata.version(pin.name) in pin.specifier, pin


def test_pip_is_asked_for_mxnet_only_where_it_can_install_its_numpy():
    mxnet = next(asked_for for asked_for in requirements_of() if asked_for.name == "mxnet")
    assert [mxnet.marker.evaluate({"python_version": v}) for v in ("3.12", "3.13")] == [True, False]


def test_every_folder_with_code_is_a_package_and_packaged():
    folders = {path.parent for path in (ROOT / "har").rglob("*.py")}
    assert all((folder / "__init__.py").is_file() for folder in folders)
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert set(SETUP["options"]["packages"].split()) == names | {"har.configs"}


def test_configs_holds_recipes_and_nothing_else():
    names = {name.removeprefix("configs/") for name in git_files() if name.startswith("configs/")}
    assert {name for name in names if not name.endswith(".yaml")} == {"__init__.py"}
    assert all("/" not in name for name in names)


def test_the_index_page_needs_no_file_and_no_picture_that_it_does_not_have():
    # Index pages resolve no relative address and let no data: address through.
    assert not re.search(r"!\[|<img", DESCRIPTION)
    targets = re.findall(r"\]\(([^)]*)\)|<(\w+:[^>]*)>", DESCRIPTION)
    assert targets and all("".join(target).startswith("https://") for target in targets)


def test_what_the_index_page_says_to_type_is_what_readme_says_and_so_is_tried():
    def lines_of(language, text):
        blocks = re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
        return "".join(blocks).splitlines()

    first, *commands = lines_of("console", DESCRIPTION)
    assert first == f"$ pip install {DISTRIBUTION}"
    assert set(commands) <= set(lines_of("console", README))
    assert lines_of("python", DESCRIPTION) == lines_of("python", README)


@pytest.fixture(scope="module")
def source_distribution(tmp_path_factory):
    """The archive of sources, made from a copy: setuptools leaves its folders beside the source."""
    folder = tmp_path_factory.mktemp("sdist")
    for name in git_files():
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / "source" / name)
    build = f"from setuptools import build_meta; build_meta.build_sdist({str(folder)!r})"
    command = [sys.executable, "-c", build]
    subprocess.run(command, cwd=folder / "source", check=True, capture_output=True)
    (archive,) = folder.glob("*.tar.gz")
    return archive


@pytest.fixture(scope="module")
def wheel(source_distribution, tmp_path_factory):
    """The wheel, made from nothing but the archive of sources."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    command += ["--wheel-dir", str(folder), str(source_distribution)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = folder.glob("gluon_har-*.whl")
    return wheel


def headers_of(wheel):
    """Read the metadata in a wheel, whose body is the long description."""
    with zipfile.ZipFile(wheel) as files:
        (name,) = (name for name in files.namelist() if name.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(files.read(name).decode())


@pytest.mark.slow
def test_the_source_distribution_has_all_that_git_keeps(source_distribution):
    with tarfile.open(source_distribution) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert git_files() - names == {".gitignore", ".pre-commit-config.yaml"}


@pytest.mark.slow
def test_a_wheel_has_every_module_recipe_template_table_and_the_stub(wheel):
    with zipfile.ZipFile(wheel) as files:
        names = {name for name in files.namelist() if not name.startswith("gluon_har-")}
    kept = {name for name in git_files() if name.startswith(("har/", "configs/"))}
    assert names == {name.replace("configs/", "har/configs/") for name in kept}
    assert {"har/__init__.pyi", "har/py.typed", "har/configs/quick.yaml"} <= names


@pytest.mark.slow
def test_the_metadata_is_complete(wheel):
    headers = headers_of(wheel)
    assert headers["Name"] == DISTRIBUTION
    assert headers["Author"] == "The har authors"
    assert headers["License-Expression"] == "Apache-2.0"
    assert headers["License-File"] == "LICENSE"
    assert headers["Project-URL"] == "Data, https://archive.ics.uci.edu/dataset/240"
    assert headers["Requires-Python"] == ">=3.10"
    assert "human activity recognition" in headers["Keywords"]
    assert "Typing :: Typed" in headers.get_all("Classifier")
    assert headers["Description-Content-Type"] == "text/markdown"
    assert headers.get_payload().strip() == DESCRIPTION.strip()


def pythons_found():
    """Name the versions of Python on this machine that the scripts would find."""
    find = "source scripts/environment; for v in $VERSIONS; do python_of $v || true; done"
    done = subprocess.run(["bash", "-c", find], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.split()


@pytest.fixture(scope="module", params=[0, -1], ids=["oldest", "newest"])
def empty_environment(request, wheel, tmp_path_factory):
    """The folder of programs of an environment into which pip installed the wheel, and no more."""
    folder = tmp_path_factory.mktemp("empty") / "environment"
    subprocess.run([pythons_found()[request.param], "-m", "venv", str(folder)], check=True)
    install_with_pip(folder / "bin", str(wheel))
    return folder / "bin"


def install_with_pip(programs, *what):
    command = [
        str(programs / "python"),
        "-I",
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
    ]
    subprocess.run([*command, "--quiet", *what], check=True, timeout=1800)


def write_own_data(folder):
    """Write a minute of four people's standing and walking, as a phone at the waist measures it."""
    folder.mkdir()
    random = np.random.default_rng(0)
    time_s = np.arange(3000) / 50
    rows = []
    for subject in (1, 2, 3, 4):
        noise = random.normal(scale=0.01, size=(3, len(time_s)))
        steps = 0.4 * np.sin(2 * np.pi * 2 * time_s) * (time_s >= 30)
        columns = {"time_s": time_s, "acc_x": 1 + steps, "acc_y": 0.1 + steps / 2, "acc_z": 0.1}
        table = pd.DataFrame(columns)
        table.iloc[:, 1:] += noise.T
        table.to_csv(folder / f"{subject}.csv", index=False)
        rows += [(f"{subject}.csv", subject, 0, 30, "STANDING")]
        rows += [(f"{subject}.csv", subject, 30, 60, "WALKING")]
    names = ["file", "subject", "start_s", "end_s", "activity"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "recordings.csv", index=False)


@pytest.mark.slow
def test_a_wheel_in_an_empty_environment_trains_reports_and_predicts(empty_environment, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "OMP_NUM_THREADS": "1"}
    write_own_data(tmp_path / "own")

    def run(program, *arguments):
        command = [str(empty_environment / program), *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )

    where = run("python", "-c", "import har; print(har.__file__, har.Config.__module__)")
    assert where.stdout.startswith(str(empty_environment.parent)), where.stderr
    train = ["train", "--config", "quick", "--out", "runs/own", "--training.n_epochs", "1"]
    train += ["--data.set", "recordings", "--data.root", "own", "--data.test_subjects", "[4]"]
    train += ["--data.n_validation_subjects", "1"]
    trained = run("har", *train)
    is_new = "3.12" < run("python", "-c", "import sys; print('3.%d' % sys.version_info[1])").stdout
    if is_new:
        # MXNet's metadata would have pip build an old NumPy: what to type is said instead.
        assert trained.returncode == 1 and "Traceback" not in trained.stderr
        command = trained.stderr.splitlines()[-1].partition("add it with: pip install ")[2]
        install_with_pip(empty_environment, *command.split())
        trained = run("har", *train, "--overwrite")
    assert trained.returncode == 0, trained.stderr
    assert "report: runs/own/report.html" in trained.stdout
    (tmp_path / "runs/own/report.html").unlink()
    reported = run("har", "report", "runs/own")
    assert reported.returncode == 0, reported.stderr
    assert "test windows of" in trained.stdout
    assert (tmp_path / "runs/own/report.html").is_file()
    predicted = run("har", "predict", "runs/own", "own/4.csv", "--out", "timeline.csv")
    assert predicted.returncode == 0, predicted.stderr
    assert set(pd.read_csv(tmp_path / "timeline.csv")["activity"]) <= {"STANDING", "WALKING"}
    searched = run("har", "tune", "--trials", "1", "--model.hidden_size", "4..8")
    assert searched.returncode == 2
    assert searched.stderr.strip().endswith(install_command("tune"))
