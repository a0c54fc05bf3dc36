"""Each rule finds what it is for in a small made-up package, and nothing else in it."""

from __future__ import annotations

import architecture
import pytest

SETUP = """
[importlinter:contract:layers]
layers =
    cli
    training | inference
    signals
[importlinter:contract:numpy-core]
source_modules =
    lab.signals
    lab.inference
"""
MAP = """
| package | comes in | goes out | may import |
|---|---|---|---|
| `signals` | samples | windows | – |
| `inference` † | a recording | a timeline | signals |
| `cli` | a line | what was asked for | inference |
"""
FILES = {
    "CONTRIBUTING.md": MAP,
    "setup.cfg": SETUP,
    "README.md": "It rounds down: np.floor, math.floor. A Flooring is no word of ours.\n",
    "lab/__init__.py": '"""A laboratory."""\n',
    "lab/errors.py": "",
    "lab/cli/__init__.py": "",
    "lab/cli/main.py": "from lab.inference.live import push\nfrom lab import errors\n",
    "lab/inference/__init__.py": "",
    "lab/inference/live.py": "import lab\nimport lab.signals.windows\n\n\ndef push(): ...\n",
    "lab/signals/__init__.py": "",
    "lab/signals/channels.py": "",
    "lab/signals/windows.py": "import lab.signals.channels\nfrom lab.errors import *\n",
    "scripts/train.py": '"""Train."""\n',
}


@pytest.fixture
def project_of(tmp_path, monkeypatch):
    """Makes a project of the files above and some more or others."""

    def make(**others):
        for name, text in {**FILES, **{k.replace("__", "/"): v for k, v in others.items()}}.items():
            file = tmp_path / (name if "." in name else f"{name}.py")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        return architecture.Project(tmp_path, "lab")

    return make


def test_units_are_the_packages_and_modules_at_the_top(project_of):
    assert architecture.units(project_of()) == ["cli", "errors", "inference", "signals"]


def test_the_largest_folder_counts_its_modules_without_that_of_the_package(project_of):
    assert architecture.largest_folder(project_of()) == [
        "lab/signals/channels.py",
        "lab/signals/windows.py",
    ]


def test_contracts_are_counted_by_name(project_of):
    project = project_of()
    assert architecture.layers(project) == ["cli", "training", "inference", "signals"]
    assert architecture.numpy_core(project) == ["lab.signals", "lab.inference"]


def test_arrows_leave_out_the_foundations_the_package_itself_and_what_stays_within_a_unit(
    project_of,
):
    assert architecture.arrows(project_of()) == ["cli → inference", "inference → signals"]


def test_the_map_and_the_imports_are_compared_in_both_directions(project_of):
    assert architecture.off_the_map(project_of()) == []
    table = MAP.replace("asked for | inference", "asked for | signals")
    project = project_of(**{"CONTRIBUTING.md": table})
    assert architecture.off_the_map(project) == [
        "cli → inference: not on the map",
        "cli → signals: on the map only",
    ]


def test_a_namespace_is_found_outside_the_command_line_only(project_of):
    text = "def f(\n    options: argparse.Namespace | None,\n    names: NamespaceTable,\n): ...\n"
    project = project_of(lab__cli__train=text, lab__signals__filters=text)
    assert architecture.namespaces(project) == ["lab/signals/filters.py:2"]


@pytest.mark.parametrize(
    "parameter", ["say", "say: Say = print", "*, tell: Callable[[str], None]", "say=None"]
)
def test_a_callback_is_found_by_its_name_and_by_its_type(project_of, parameter):
    project = project_of(lab__signals__filters=f"def f(x: Callable[[str], int], {parameter}): ...")
    assert architecture.callbacks(project) == ["lab/signals/filters.py:1"]


def test_loose_mappings_are_counted_by_line_and_not_in_comments(project_of):
    text = """
    # dict[str, Any]
    def f(x: dict[str, Any], y: Mapping[str, Any]) -> dict[str, int]:
        z: list[dict[str, Any]] = []
        return "dict[str, Any]"
    """
    project = project_of(lab__signals__filters="if True:" + text)
    assert architecture.loose_mappings(project) == [
        "lab/signals/filters.py:3",
        "lab/signals/filters.py:4",
    ]


@pytest.mark.parametrize("line", ["# The one door.", "_ROOMS = ()", "floor_of(house)", "Floors"])
def test_words_of_a_building_are_found_in_code_and_documents(project_of, line):
    assert architecture.metaphors(project_of()) == []
    project = project_of(tests__test_it=line, **{"docs__map.md": line})
    assert architecture.metaphors(project) == [
        f"docs/map.md:1: {line}",
        f"tests/test_it.py:1: {line}",
    ]


DOCSTRINGS = '''"""Tell nothing."""


class Box:
    """A box.

    Attributes
    ----------
    size : int
        How large it is.
    """

    def open(self, key, hand):
        """Tell whether it can be opened.

        Parameters
        ----------
        key : str
            Which one.
        hand : str
            Whatever holds it, or what remains of it.

        Returns
        -------
        bool
            What came of it.
        """
'''


def test_parameters_without_a_noun_are_found_in_the_package_and_the_scripts(project_of):
    project = project_of(lab__signals__boxes=DOCSTRINGS, scripts__boxes=DOCSTRINGS)
    assert architecture.described_without_noun(project) == [
        "lab/signals/boxes.py:4: size",
        "lab/signals/boxes.py:13: key",
        "scripts/boxes.py:4: size",
        "scripts/boxes.py:13: key",
    ]


def test_summaries_that_tell_are_found(project_of):
    project = project_of(lab__signals__boxes=DOCSTRINGS)
    assert architecture.summarised_as_telling(project) == [
        "lab/signals/boxes.py: Tell nothing.",
        "lab/signals/boxes.py:13: Tell whether it can be opened.",
    ]


def test_a_project_within_its_limits_is_a_table_and_no_complaint(project_of, capsys):
    assert architecture.main(project_of()) == 0
    out, errors = capsys.readouterr()
    assert "\n    4    22  packages and modules in har/\n" in out
    assert len(out.splitlines()) == 1 + len(architecture.RULES)
    assert errors == ""


def test_what_exceeds_its_limit_is_named_and_ends_with_1(project_of, capsys):
    project = project_of(lab__signals__filters="def f(say): ...\n")
    assert architecture.main(project) == 1
    out, errors = capsys.readouterr()
    assert out.count(": EXCEEDED\n") == 1
    assert errors == (
        "parameters that are a callback to say something: found 1, expected at most 0\n"
        "  lab/signals/filters.py:1\n"
    )
