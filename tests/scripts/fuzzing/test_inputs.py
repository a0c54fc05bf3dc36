from __future__ import annotations

import gzip
import io
import json
import zipfile
import zlib
from random import Random

import numpy as np
import pytest
from fuzzing.groups import GROUPS
from fuzzing.inputs import changed_content, changed_input, read_input, write_input

from har.errors import HarError
from har.runs.integrity import Digest, digests_in, with_digests
from har.runs.json_object import JsonObject

TABLE = b"time_s,acc_x\n" + b"".join(b"%d.5,0.98\n" % row for row in range(30))


def packed(*arrays):
    buffer = io.BytesIO()
    np.savez(buffer, *arrays)
    return buffer.getvalue()


CONTENTS = {
    "walk.csv": TABLE,
    "walk.csv.gz": gzip.compress(TABLE),
    "manifest.json": b'{"model": {"channels": ["a", "b"], "rate_hz": 50.0}}',
    "metrics.jsonl": b'{"epoch": 1}\n{"epoch": 2}\n',
    "config.yaml": b"seed: 0\nmodel:\n  n_layers: 2\n",
    "windows.npz": packed(np.zeros((1, 128, 9), np.float32)),
    "model-0000.params": bytes(24) + b"\xc9\xfa\x93\xf9" + bytes(60) + b"arg:har_weight",
    "empty": b"",
}


@pytest.mark.parametrize("name", CONTENTS)
def test_every_kind_of_file_is_changed_and_the_same_seed_changes_it_alike(name):
    content = CONTENTS[name]
    changed = [changed_content(name, content, TABLE, Random(seed)) for seed in range(300)]
    again = [changed_content(name, content, TABLE, Random(seed)) for seed in range(300)]
    assert changed == again
    assert sum(each != content for each in changed) > 200
    assert len(set(changed)) > 50


def test_what_is_packed_is_mostly_changed_inside():
    content = CONTENTS["walk.csv.gz"]
    whole = 0
    for seed in range(100):
        try:
            whole += gzip.decompress(changed_content("x.gz", content, b"", Random(seed))) != TABLE
        except (OSError, EOFError, zlib.error):
            pass
    assert whole > 60


def test_archives_mostly_stay_archives():
    content = CONTENTS["windows.npz"]
    changed = [changed_content("windows.npz", content, b"", Random(seed)) for seed in range(100)]
    assert sum(zipfile.is_zipfile(io.BytesIO(each)) for each in changed) > 60


def test_digests_are_mostly_forged():
    files = {"a.json": b'{"x": 1}', "b.csv": TABLE}
    digests = {name: Digest.of(content) for name, content in files.items()}
    files["manifest.json"] = json.dumps(with_digests({}, digests)).encode()
    n_fitting = n_changed = 0
    for seed in range(200):
        changed = changed_input(files, [files], ["b.csv"], Random(seed))
        others_are_whole = changed.get("a.json") == files["a.json"] and len(changed) == 3
        if not others_are_whole or changed.get("b.csv") in (TABLE, b"", files["manifest.json"]):
            continue
        n_changed += 1
        found = digests_in(JsonObject.parse(changed["manifest.json"].decode(), "manifest.json"))
        n_fitting += found["b.csv"] == Digest.of(changed["b.csv"])
    assert 0.5 * n_changed < n_fitting < 0.8 * n_changed


def test_an_input_is_read_as_it_was_written(tmp_path):
    write_input({"left": b"over"}, tmp_path / "input")
    write_input({"a/b.csv": b"1", "c": b""}, tmp_path / "input")
    assert read_input(tmp_path / "input") == {"a/b.csv": b"1", "c": b""}


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_a_group_begins_with_inputs_that_are_accepted(group, tmp_path, monkeypatch):
    """A few only hold what is right but not enough, such as labels without a time of day."""
    monkeypatch.setenv("HAR_CACHE", str(tmp_path / "cache"))
    accepted = 0
    samples = group.samples()
    for files in samples:
        write_input(files, tmp_path / "input")
        try:
            group.read(tmp_path / "input")
            accepted += 1
        except HarError:
            pass
    assert accepted >= 0.75 * len(samples)
