"""An input is a few named files, changed by what their names end in."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from random import Random

from fuzzing.bytes_changes import changed_bytes
from fuzzing.container_changes import (
    changed_npy,
    changed_packed,
    changed_parameters,
    changed_zip,
)
from fuzzing.json_changes import changed_json, changed_yaml
from fuzzing.text_changes import changed_text
from har.runs.integrity import FILES, SEAL, Digest, sealed

# Content by path in the input's folder.
Files = dict[str, bytes]

_BINARY = {
    ".npy",
    ".npz",
    ".onnx",
    ".params",
    ".parquet",
    ".xlsx",
    ".zip",
    ".gz",
    ".bz2",
    ".xz",
    ".mat",
}


def changed_input(
    files: Files, others: Sequence[Files], names: Sequence[str], random: Random
) -> Files:
    """Return an input with some changes of one of its files.

    Parameters
    ----------
    files : dict of str to bytes
        Input to change.
    others : sequence of dict
        Inputs to splice from.
    names : sequence of str
        Files that may be changed; empty: all.
    random : Random
        Source of all choices.

    Returns
    -------
    dict of str to bytes
    """
    name = random.choice([name for name in names if name in files] or sorted(files))
    other = random.choice(others)
    content = files[name]
    if random.randrange(25) == 0:
        return _without_or_added(files, name, random)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        content = changed_content(name, content, random.choice(sorted(other.items()))[1], random)
    changed = {**files, name: content}
    return _forged(changed, name) if random.randrange(3) else changed


def changed_content(name: str, content: bytes, other: bytes, random: Random) -> bytes:
    """Return the content of a file with one change that fits its kind, or any."""

    def change(member: str, inner: bytes) -> bytes:
        return changed_content(member, inner, other, random)

    suffix = PurePosixPath(name).suffix
    if random.randrange(10) == 0:
        return changed_bytes(content, other, random)
    changed: bytes | None = None
    if content.startswith(b"PK"):
        changed = changed_zip(content, change, random)
    elif content.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ")):
        changed = changed_packed(content, change, random)
    elif content.startswith(b"\x93NUMPY"):
        changed = changed_npy(content, random) if random.randrange(4) else None
    elif suffix == ".params":
        changed = changed_parameters(content, random)
    elif suffix == ".yaml":
        changed = changed_yaml(content, random)
    elif content[:1] in (b"{", b"["):
        changed = changed_json(content, other, random)
    if changed is not None:
        return changed
    is_binary = suffix in _BINARY or b"\0" in content[:100]
    return (changed_bytes if is_binary else changed_text)(content, other, random)


def _without_or_added(files: Files, name: str, random: Random) -> Files:
    """Return an input without a file, with an empty one, with its copy, or with two exchanged."""
    kind, content = random.randrange(4), files[name]
    if kind == 0 and len(files) > 1:
        return {other: content for other, content in files.items() if other != name}
    if kind == 1:
        return {**files, name: b""}
    if kind == 2:
        return {**files, f"copy-{PurePosixPath(name).name}": content}
    second = random.choice(sorted(files))
    return {**files, name: files[second], second: content}


def _forged(files: Files, changed: str) -> Files:
    """Let digests fit what was changed, as whoever can write all files of a run could.

    Else nothing behind the check of digests, see `har.runs.integrity`, would ever be reached.
    """
    made = {changed: _sealed(files[changed])} if changed.endswith(".json") else {}
    manifest = _parsed(files.get("manifest.json", b""))
    if manifest is not None and isinstance(digests := manifest.get(FILES), dict):
        for name, content in {**files, **made}.items():
            if name in digests and name != "manifest.json":
                digests[name] = asdict(Digest.of(content))
        made["manifest.json"] = _sealed(json.dumps(manifest).encode())
    return {**files, **made}


def _parsed(content: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _sealed(content: bytes) -> bytes:
    """Return an object of JSON whose digest of itself fits, if it has one."""
    value = _parsed(content)
    if value is None or SEAL not in value:
        return content
    return json.dumps(sealed(value), indent=2).encode()


def write_input(files: Files, folder: Path) -> None:
    """Write an input to a folder, in place of what is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def read_input(folder: Path) -> Files:
    """Read an input that `write_input` wrote."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}
