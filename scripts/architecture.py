"""Measure the architecture of the package, and name what exceeds its limit.

Prints a table of what was found and how much of it may be there. The exit status is 1 if anything
is exceeded; the lines below the table then say where it was found.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import grimp
from docstring_parser import numpydoc

ROOT = Path(__file__).parents[1]
FOUNDATIONS = {"errors", "arrays", "config", "recipes", "files"}
TEXTS = {".py", ".pyi", ".md", ".html", ".css", ".js", ".yaml", ".cfg", ".toml"}
# This file and its test name what they look for.
EXEMPT = {"architecture.py", "test_architecture.py"}
METAPHOR = re.compile(r"(?<![a-z])(?<!np\.)(?<!math\.)(room|house|floor|door)s?(?![a-z])", re.I)
NO_NOUN = re.compile(r"(What|Of|Told|How|Which)\b")
NO_RETURN = re.compile(r"Tell\b")
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A Python file: its path from the root of the project, and its syntax tree."""

    path: Path
    tree: ast.Module

    def at(self, node: ast.expr | ast.arg | ast.stmt) -> str:
        """Return file and line of a node."""
        return f"{self.path}:{node.lineno}"

    def parameters(self) -> Iterator[ast.arg]:
        """Yield the parameters of all functions."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.arg))

    def docstrings(self) -> Iterator[tuple[str, str]]:
        """Yield the docstrings of modules, classes and functions, each with where it stands."""
        for node in ast.walk(self.tree):
            if isinstance(node, DOCUMENTED) and (text := ast.get_docstring(node)):
                yield (str(self.path) if isinstance(node, ast.Module) else self.at(node)), text


@dataclass(frozen=True)
class Project:
    """A checkout with a package, its scripts, tests and documents.

    Parameters
    ----------
    root : Path
        Folder with setup.cfg; it or an installation puts the package on Python's path.
    package : str
        Name of the package.
    """

    root: Path
    package: str

    @cached_property
    def modules(self) -> list[Module]:
        """All modules of the package."""
        return self._parse(self.package)

    @cached_property
    def documented(self) -> list[Module]:
        """Modules whose docstrings are for readers: those of the package and the scripts."""
        return [*self.modules, *self._parse("scripts")]

    def _parse(self, folder: str) -> list[Module]:
        files = sorted((self.root / folder).rglob("*.py"))
        return [Module(f.relative_to(self.root), ast.parse(f.read_text("utf-8"))) for f in files]

    def contract(self, name: str, key: str) -> list[str]:
        """Return the names that a contract of import-linter lists."""
        settings = ConfigParser()
        settings.read(self.root / "setup.cfg", "utf-8")
        return re.findall(r"[\w.]+", settings[f"importlinter:contract:{name}"][key])

    def texts(self) -> Iterator[Path]:
        """Yield the files that people read: code, templates, recipes and documents."""
        folders = (self.package, "scripts", "tests", "configs", "docs")
        below = (file for folder in folders for file in (self.root / folder).rglob("*"))
        for file in (*self.root.glob("*"), *below):
            if file.suffix in TEXTS and file.name not in EXEMPT and file.is_file():
                yield file


def units(project: Project) -> list[str]:
    """Return the packages and modules that one sees in the package's folder."""
    paths = {module.path.relative_to(project.package) for module in project.modules}
    return sorted({path.parts[0].removesuffix(".py") for path in paths} - {"__init__"})


def largest_folder(project: Project) -> list[str]:
    """Return the modules of the folder that has most of them."""
    folders: dict[Path, list[str]] = {}
    for module in project.modules:
        if module.path.name != "__init__.py":
            folders.setdefault(module.path.parent, []).append(str(module.path))
    return max(folders.values(), key=len)


def layers(project: Project) -> list[str]:
    """Return the names in the contract of layers."""
    return project.contract("layers", "layers")


def numpy_core(project: Project) -> list[str]:
    """Return the packages that never reach MXNet."""
    return project.contract("numpy-core", "source_modules")


def arrows(project: Project) -> list[str]:
    """Return which unit imports which, but for the foundations, which every unit may import."""
    graph = grimp.build_graph(project.package, cache_dir=None)
    found = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            ends = importer.split(".")[1:2], imported.split(".")[1:2]
            # The package itself, which holds the version only, is no unit.
            names = [name for end in ends for name in end if name not in FOUNDATIONS]
            if len(set(names)) == 2:
                found.add(" → ".join(names))
    return sorted(found)


def off_the_map(project: Project) -> list[str]:
    """Return the arrows that the table in CONTRIBUTING.md lacks, or has without need."""
    text = (project.root / "CONTRIBUTING.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)(?:\.py)?`.*\|([^|]*)\|$", text, re.MULTILINE)
    drawn = {f"{row} → {name}" for row, cell in rows for name in re.findall(r"\w+", cell)}
    found = {arrow for arrow in arrows(project) if not arrow.startswith("__main__")}
    return [f"{arrow}: not on the map" for arrow in sorted(found - drawn)] + [
        f"{arrow}: on the map only" for arrow in sorted(drawn - found)
    ]


def namespaces(project: Project) -> list[str]:
    """Return the parameters outside the command line that are a parser's Namespace."""
    command_line = Path(project.package) / "cli"
    return [
        module.at(parameter)
        for module in project.modules
        if command_line not in module.path.parents
        for parameter in module.parameters()
        if parameter.annotation and re.search(r"\bNamespace\b", ast.unparse(parameter.annotation))
    ]


def callbacks(project: Project) -> list[str]:
    """Return the parameters that are a function to say something with."""
    return [
        module.at(parameter)
        for module in project.modules
        for parameter in module.parameters()
        if parameter.arg == "say"
        or (parameter.annotation and "Callable[[str], None]" in ast.unparse(parameter.annotation))
    ]


def loose_mappings(project: Project) -> list[str]:
    """Return the lines that call something a mapping of names to anything."""
    loose = {"dict[str, Any]", "Mapping[str, Any]"}
    return [
        place
        for module in project.modules
        for place in dict.fromkeys(
            module.at(node)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Subscript) and ast.unparse(node) in loose
        )
    ]


def metaphors(project: Project) -> list[str]:
    """Return the lines that speak of the code as of a building."""
    return [
        f"{file.relative_to(project.root)}:{number}: {line.strip()}"
        for file in sorted(project.texts())
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if METAPHOR.search(line)
    ]


def described_without_noun(project: Project) -> list[str]:
    """Return the parameters whose description begins with a question instead of a noun."""
    return [
        f"{place}: {parameter.arg_name}"
        for module in project.documented
        for place, text in module.docstrings()
        for parameter in numpydoc.parse(text).params
        if NO_NOUN.match(parameter.description or "")
    ]


def summarised_as_telling(project: Project) -> list[str]:
    """Return the docstrings whose summary says "Tell" instead of what is returned."""
    return [
        f"{place}: {text.splitlines()[0]}"
        for module in project.documented
        for place, text in module.docstrings()
        if NO_RETURN.match(text)
    ]


# What is measured, how it is found, and how much of it there may be.
RULES: tuple[tuple[str, Callable[[Project], list[str]], int], ...] = (
    ("packages and modules in har/", units, 22),
    ("modules in the largest folder", largest_folder, 15),
    ("names in the contract of layers", layers, 22),
    ("packages of the NumPy core", numpy_core, 10),
    ("arrows between packages, without those to the foundations", arrows, 70),
    ("arrows that the map in CONTRIBUTING.md has wrong", off_the_map, 0),
    ("parameters outside har/cli that are a Namespace", namespaces, 0),
    ("parameters that are a callback to say something", callbacks, 0),
    ("lines with dict[str, Any] or Mapping[str, Any]", loose_mappings, 40),
    ("lines with a metaphor of a building", metaphors, 0),
    ("parameters described without a noun", described_without_noun, 0),
    ('summaries that begin with "Tell"', summarised_as_telling, 0),
)


@dataclass(frozen=True)
class Finding:
    """What was found by a rule, and how much may be."""

    name: str
    found: list[str]
    limit: int

    @property
    def is_too_much(self) -> bool:
        """Whether the limit is exceeded."""
        return len(self.found) > self.limit

    def row(self) -> str:
        """Return the line of the table."""
        verdict = ": EXCEEDED" if self.is_too_much else ""
        return f"{len(self.found):5} {self.limit:5}  {self.name}{verdict}"

    def complaint(self) -> str:
        """Return what was found, a line each."""
        title = f"{self.name}: found {len(self.found)}, expected at most {self.limit}"
        return "\n  ".join([title, *self.found])


def main(project: Project = Project(ROOT, "har")) -> int:
    """Measure a project, this checkout unless another is given."""
    findings = [Finding(name, find(project), limit) for name, find, limit in RULES]
    too_much = [finding for finding in findings if finding.is_too_much]
    print("found limit", *(finding.row() for finding in findings), sep="\n")
    for finding in too_much:
        print(finding.complaint(), file=sys.stderr)
    return 1 if too_much else 0


if __name__ == "__main__":
    sys.exit(main())
