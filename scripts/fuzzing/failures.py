"""Inputs that once failed, each made by code, with what is right for it.

A finding is added here once its cause is mended: a function that writes the input, by the name of
its group. `scripts/fuzz` reads them first, and `tests/scripts/fuzzing/test_failures.py` each alone.
"""

from __future__ import annotations

import functools
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fuzzing import samples
from fuzzing.groups import Group
from fuzzing.inputs import Files, write_input
from fuzzing.single import judged_apart
from fuzzing.verdicts import Verdict

# Unpacked: more than any process here may take.
_BOMB_MB = 1200
_MB = 1 << 20


@dataclass(frozen=True)
class Failure:
    """An input that once failed.

    Parameters
    ----------
    group : str
        Name of the group that reads it.
    name : str
        Name of the input.
    write : callable
        Function that writes it to an empty folder.
    is_refused : bool
        Whether only a refusal is right.
    """

    group: str
    name: str
    write: Callable[[Path], object]
    is_refused: bool = True

    def complaint(self, verdict: Verdict) -> str | None:
        """Return what is wrong with a verdict, if anything is."""
        if verdict.kind == "refused" or (verdict.is_right and not self.is_refused):
            return None
        expected = "a refusal" if self.is_refused else "a value or a refusal"
        return (
            f"{self.group}: {self.name}: found {verdict.kind} {verdict.place} {verdict.words}, "
            f"expected {expected}"
        )


def all_failures() -> list[Failure]:
    """Return all inputs that once failed."""
    return [
        *(Failure("recordings", *each) for each in _recordings()),
        *(Failure("recordings", *each, is_refused=False) for each in _strange_stamps()),
        *(Failure("arrays", *each) for each in _arrays()),
        Failure("packed", "a name that is no text", _parquet_with_a_name_that_is_no_text),
        Failure("packed", "a bomb of gzip", _gzip_bomb),
        Failure("published", "a bomb in a zip", _bomb_of_uci_har),
        *(Failure("runs", *each) for each in _damaged_runs()),
        *(Failure("run-files", *each, is_refused=False) for each in _foreign_files()),
        Failure("results", "an accuracy of 250 percent", _with_accuracy_of_250_percent),
        Failure("unfinished", "without data", _unfinished_without_data, is_refused=False),
        *(Failure("recipes", *each) for each in _hostile_settings()),
        Failure("recipes", "a device without end", _recipe_without_end),
        *(Failure("commands", *each) for each in _commands()),
    ]


def replay(groups: Sequence[Group], scratch: Path) -> list[str]:
    """Let each group read the inputs that it once failed at.

    Parameters
    ----------
    groups : sequence of Group
        Groups to try.
    scratch : Path
        Folder to write to.

    Returns
    -------
    list of str
        What is wrong.
    """
    by_name = {group.name: group for group in groups}
    complaints = (
        failure.complaint(judged_apart(by_name[failure.group], scratch, failure.write))
        for failure in all_failures()
        if failure.group in by_name
    )
    return list(filter(None, complaints))


def _writes(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: write_input({name: content}, folder)


def _recordings() -> Iterator[tuple[str, Callable[[Path], object]]]:
    even = [f"{row / 50:.2f}" for row in range(120)]
    yield "stamps that are all TRUE", _writes("walk.csv", _table(["TRUE"] * 120))
    yield (
        "a heading with escapes",
        _writes("walk.csv", b"time_s,\x1b[31macc\x1b]0;t\x07,b\n0,1,2\n"),
    )
    nan = _table(even).replace(b"0.02,", b"nan,", 1).replace(b"0.97", b"inf")
    yield "values without end", _writes("walk.csv", nan)
    dates = [f"1677-09-21 00:00:{row / 50:05.2f}" for row in range(120)]
    yield "a day before pandas' calendar", _writes("walk.csv", _table(dates))


def _strange_stamps() -> Iterator[tuple[str, Callable[[Path], object]]]:
    """Stamps that may be left out, or refused."""
    even = [f"{row / 50:.2f}" for row in range(120)]
    yield "a stamp of -1e20", _writes("walk.csv", _table(["0", "-1e20", *even[2:]]))
    yield "a stamp of 1e-200", _writes("walk.csv", _table(["0", "0.02", "1e-200", *even[3:]]))


def _table(stamps: Sequence[str]) -> bytes:
    draw = np.random.default_rng(0)
    rows = (draw.normal(0, 0.02, (len(stamps), 6)) + [0.97, 0, 0.2, 0, 0, 0]).round(4).tolist()
    lines = [f"{stamp},{','.join(map(str, row))}" for stamp, row in zip(stamps, rows, strict=True)]
    return "\n".join(["time_s,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z", *lines, ""]).encode()


def _npy(shape: str, kind: str = "'<f4'", end: str = "}") -> bytes:
    text = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, {end}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def _arrays() -> Iterator[tuple[str, Callable[[Path], object]]]:
    headers = {
        "an open header": _npy("(4, 128, 9", end=" "),
        "a shape of 46 TB": _npy("(10000000000, 128, 9)"),
        "a shape beyond all numbers": _npy(f"(1{'0' * 4000}, 128, 9)"),
        "a shape of words": _npy("('x', 128, 9)"),
        "a type of 2 GB an entry": _npy("(1, 128, 9)", "'<U500000000'"),
        "a header nested too deep": _npy("(" * 3000),
    }
    for name, header in headers.items():
        yield name, _writes("windows.npy", header + bytes(100))
    yield "a bomb", _array_bomb
    nameless = io.BytesIO()
    with zipfile.ZipFile(nameless, "w") as archive:
        archive.writestr("x", b"1")
    content = nameless.getvalue()
    end = content.index(b"PK\x01\x02")
    listed = content[end : end + 28] + bytes(2) + content[end + 30 : end + 46]
    yield "a member without a name", _writes("windows.npz", content[:end] + listed + _zip_end(end))


def _zip_end(start: int) -> bytes:
    return b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 1, 1, 46, start, 0)


def _deflated_zeros(start: bytes) -> tuple[bytes, int, int]:
    """Return 1.2 GB of zeros after a start, deflated, with checksum and size, in little memory."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(_MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = zlib.crc32(start)
    for _ in range(_BOMB_MB):
        checksum = zlib.crc32(bytes(_MB), checksum)
    return first + block * _BOMB_MB + packer.flush(), checksum, len(start) + _BOMB_MB * _MB


def _as_packed(content: bytes, name: str, checksum: int, size: int) -> bytes:
    """Say in a zip that what is stored as a member is deflated, and how large it was."""
    changed = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        start = archive.getinfo(name).header_offset
    listed = content.rfind(name.encode()) - 46
    for place, method, sums, sizes in ((start, 8, 14, 22), (listed, 10, 16, 24)):
        struct.pack_into("<H", changed, place + method, zipfile.ZIP_DEFLATED)
        struct.pack_into("<I", changed, place + sums, checksum)
        struct.pack_into("<I", changed, place + sizes, size)
    return bytes(changed)


def _zip_with_bomb(files: Files, name: str, start: bytes) -> bytes:
    packed, checksum, size = _deflated_zeros(start)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for other, content in {**files, name: packed}.items():
            archive.writestr(other, content)
    return _as_packed(buffer.getvalue(), name, checksum, size)


def _array_bomb(folder: Path) -> None:
    n_windows = _BOMB_MB * _MB // (128 * 9 * 4)
    header = _npy(f"({n_windows}, 128, 9)")
    (folder / "windows.npz").write_bytes(_zip_with_bomb({}, "signals.npy", header))


def _gzip_bomb(folder: Path) -> None:
    packed, checksum, size = _deflated_zeros(b"time_s,acc_x,acc_y,acc_z\n")
    end = struct.pack("<II", checksum, size)
    (folder / "walk.csv.gz").write_bytes(b"\x1f\x8b\x08" + bytes(6) + b"\xff" + packed + end)


def _bomb_of_uci_har(folder: Path) -> None:
    files = next(
        each for each in samples.published_sets() if next(iter(each)).startswith("uci_har")
    )
    inner = {name.removeprefix("uci_har/"): content for name, content in files.items()}
    name = next(name for name in inner if "body_acc_x_train" in name)
    (folder / "uci_har").mkdir()
    content = _zip_with_bomb({n: c for n, c in inner.items() if n != name}, name, inner[name])
    (folder / "uci_har" / "set.zip").write_bytes(content)


def _parquet_with_a_name_that_is_no_text(folder: Path) -> None:
    table = pd.read_csv(io.BytesIO(_table([f"{row / 50}" for row in range(20)])))
    content = table.rename(columns={"gyro_z": "no_text"}).to_parquet()
    (folder / "walk.parquet").write_bytes(content.replace(b"no_text", b"\xff\xfe\xfdtext"))


@functools.lru_cache(maxsize=1)
def _trained_run() -> Files:
    (run,) = samples.trained_runs()
    return run


def _damaged_runs() -> Iterator[tuple[str, Callable[[Path], object]]]:
    """Yield what makes other weights, other names or other settings of a run."""
    for name, change in (
        ("a bit of the first magic number", lambda content: _flipped(content, 27, 0x80)),
        ("a bit of a weight", _with_a_weight_changed),
        ("names that are no text", lambda content: content.replace(b"arg:", b"\xff\xfe\xfd:")),
        ("bytes behind the weights", lambda content: content + b"x" * 100),
        (
            "a count of 2^62 arrays",
            lambda content: content[:16] + struct.pack("<Q", 2**62) + content[24:],
        ),
    ):
        yield name, functools.partial(_with_file_changed, "model-0000.params", change)
    reverse: Callable[[Any], Any] = lambda names: names[::-1]  # noqa: E731
    for name, key, of_model in (
        ("activities in another order", "activities", reverse),
        ("an activity twice", "activities", lambda names: ["WALKING"] * len(names)),
        ("channels in another order", "channels", reverse),
        ("channels that are numbers", "channels", lambda names: list(range(9))),
        ("no channels", "channels", lambda names: []),
        ("windows of a billion samples", "n_timesteps", lambda _length: 10**9),
    ):
        yield name, functools.partial(_with_model_changed, key, of_model)
    nested: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
        ("a manifest nested too deep", "manifest.json", lambda _content: b"[" * 200_000),
        ("settings nested too deep", "config.yaml", lambda _content: b"seed: " + b"[" * 50_000),
        ("settings of aliases of aliases", "config.yaml", lambda _content: _alias_bomb()),
    )
    for name, file, change in nested:
        yield name, functools.partial(_with_file_changed, file, change)


def _with_file_changed(name: str, change: Callable[[bytes], bytes], folder: Path) -> None:
    run = _trained_run()
    write_input({**run, name: change(run[name])}, folder)


def _with_model_changed(key: str, change: Callable[[Any], Any], folder: Path) -> None:
    def changed(content: bytes) -> bytes:
        manifest = json.loads(content)
        manifest["model"][key] = change(manifest["model"][key])
        return json.dumps(manifest).encode()

    _with_file_changed("manifest.json", changed, folder)


def _flipped(content: bytes, place: int, bit: int) -> bytes:
    return content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]


def _with_a_weight_changed(content: bytes) -> bytes:
    """Flip a high bit of the exponent of some weight."""
    return _flipped(content, len(content) // 2 // 4 * 4 + 3, 0x40)


def _alias_bomb() -> bytes:
    text = "data:\n  activities: [&a [x,x,x,x,x,x,x,x,x]"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        text += f", &{name} [" + ",".join([f"*{before}"] * 9) + "]"
    return f"{text}]\n".encode()


def _foreign_files() -> Iterator[tuple[str, Callable[[Path], object]]]:
    """Yield files of a run that are no files, or have no end."""
    yield (
        "a manifest nested too deep",
        functools.partial(_with_file_changed, "manifest.json", lambda _content: b'{"a":' * 100_000),
    )
    for name in ("manifest.json", "metrics.jsonl", "context.json"):
        yield f"{name} is a pipe", functools.partial(_with_file_replaced, name, os.mkfifo)
    endless: Callable[[Path], object] = lambda file: file.symlink_to("/dev/zero")  # noqa: E731
    for name in ("metrics.jsonl", "strangeness.npz"):
        yield f"{name} is without end", functools.partial(_with_file_replaced, name, endless)
    yield "a manifest of 6 GB", functools.partial(_with_file_replaced, "manifest.json", _sparse)


def _with_file_replaced(name: str, put: Callable[[Path], object], folder: Path) -> None:
    write_input(_trained_run(), folder)
    (folder / name).unlink()
    put(folder / name)


def _sparse(file: Path) -> None:
    file.touch()
    os.truncate(file, 6_000_000_000)


def _with_accuracy_of_250_percent(folder: Path) -> None:
    (run,) = samples.scored_runs()
    evaluation = {**json.loads(run["evaluation.json"]), "accuracy": 2.5}
    write_input({**run, "evaluation.json": json.dumps(evaluation).encode()}, folder)


def _unfinished_without_data(folder: Path) -> None:
    (run,) = samples.unfinished_runs()
    manifest = json.loads(run["manifest.json"]) | {"data": None, "environment": None, "git": 5}
    write_input({**run, "manifest.json": json.dumps(manifest).encode()}, folder)


def _hostile_settings() -> Iterator[tuple[str, Callable[[Path], object]]]:
    settings: Iterable[tuple[str, ...]] = (
        ("training.learning_rate=1e-320",),
        ("training.learning_rate=1e300",),
        ("training.warmup_epochs=1e300",),
        ("model.hidden_size=1000000",),
        ("model.hidden_size=99999999999999999999",),
        ("model.conv_channels=1000000",),
        ("model.conv_channels=1000000000000",),
        ("model.conv_channels=4", "model.conv_kernel=2147483649"),
        ("model.embedding_size=1000000000",),
        ("model.initial_range=1e300",),
        ("model.views=[channels,compressed]", "model.compression=1e-320"),
        ("model.n_layers=1000000000",),
        ("model.n_layers=10000",),
        ("model.conv_layers=1000000",),
        ("model.n_members=10000000",),
    )
    for given in settings:
        overrides = "".join(f"--{setting}\n" for setting in given).encode()
        files = {"recipe.yaml": b"seed: 0\n", "overrides.txt": overrides}
        yield " ".join(given), functools.partial(write_input, files)


def _commands() -> Iterator[tuple[str, Callable[[Path], object]]]:
    yield (
        "an option with escapes",
        _writes("arguments.txt", b"predict\nrun\nx.csv\n--\x1b[31m\rx\n"),
    )
    yield "a verb of 70,000 characters", _writes("arguments.txt", b"a" * 70_000)


def _recipe_without_end(folder: Path) -> None:
    (folder / "recipe.yaml").symlink_to("/dev/zero")
