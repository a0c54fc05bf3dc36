"""What SECURITY.md promises: each promise has its test, and no code breaks some of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from builders import small_windows, tiny_config

ROOT = Path(__file__).parents[1]
PROMISED = (ROOT / "SECURITY.md").read_text("utf-8")
# Ways to make code of data, by the name of a function or of a keyword.
MAKES_CODE = {"eval", "exec", "compile", "unsafe_load", "full_load", "system", "popen", "shelve"}
PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "copyreg"}
# The mirror's unpickler with its list of names, and a process's messages to those that it started.
KNOWN_PICKLES = {
    "har/datasets/hapt_recordings.py": {"Unpickler", "UnpicklingError"},
    "har/training/processes.py": {"pickle"},
}


def named_tests(text):
    return re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)


@pytest.mark.parametrize(("file", "name"), sorted(set(named_tests(PROMISED))))
def test_each_test_that_is_named_is_there(file, name):
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_each_promise_names_its_tests():
    promises = PROMISED.split("## What is promised")[1].split("\n## ")[0].split("\n- ")[1:]
    assert len(promises) > 10
    assert [promise for promise in promises if not named_tests(promise)] == []


def nodes_of_package():
    for path in sorted((ROOT / "har").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield path.relative_to(ROOT).as_posix(), node


def called(node):
    """Give the name that is called, and what it is an attribute of."""
    of = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
    return getattr(node.func, "attr", getattr(node.func, "id", "")), of


def test_nothing_that_is_read_can_run_code():
    found = []
    for path, node in nodes_of_package():
        if isinstance(node, ast.Call):
            name, of = called(node)
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            is_code = name in MAKES_CODE and of not in ("re", "yaml.composer")
            is_yaml = (name, of) == ("load", "yaml") and given.get("Loader") != "_Loader"
            is_told = given.get("shell") == "True" or given.get("allow_pickle", "False") != "False"
            if is_code or is_yaml or is_told:
                found.append(f"{path}:{node.lineno}: {ast.unparse(node.func)}")
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = {getattr(node, "module", None), *(alias.name for alias in node.names)}
            names = {alias.name for alias in node.names}
            if modules & PICKLES and not names <= KNOWN_PICKLES.get(path, set()):
                found.append(f"{path}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


def test_recipes_are_read_by_a_safe_loader():
    import yaml

    from har import recipes

    assert issubclass(recipes._Loader, yaml.SafeLoader)


def test_no_graph_of_mxnets_is_ever_read(tmp_path, monkeypatch):
    from har.classifier import ActivityClassifier
    from har.models.backend import gluon, mx

    named = [
        f"{path}: {ast.unparse(node)}"
        for path, node in nodes_of_package()
        if (isinstance(node, ast.Attribute) and node.attr in ("SymbolBlock", "load_json"))
        or (isinstance(node, ast.Call) and called(node)[1] in ("mx.sym", "mx.symbol"))
    ]
    # Whether all of what was written a moment ago is on the disk.
    assert named == ["har/models/export.py: mx.sym.load(f'{path}-symbol.json')"]

    windows = small_windows()
    classifier = ActivityClassifier(tiny_config()).fit(windows)
    classifier.save(tmp_path / "run")

    def refuse(*_arguments, **_options):
        raise RuntimeError("a graph was read")

    for module, name in ((mx.sym, "load"), (mx.sym, "load_json"), (gluon.SymbolBlock, "imports")):
        monkeypatch.setattr(module, name, refuse)
    loaded = ActivityClassifier.load(tmp_path / "run")
    assert (loaded.predict(windows) == classifier.predict(windows)).all()
