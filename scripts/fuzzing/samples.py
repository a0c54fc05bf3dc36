"""Whole inputs to begin with, small ones of each format, made by code.

Recordings and published data sets are those that tests make: `tests/helpers` is on the path.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from app_forms import FORMS, plain, plain_table
from builders import tiny_config
from published_copies import mhealth, motionsense, pamap2, unimib_shar, wisdm_2011, zipped
from scored_folds import MANIFEST, make_scores
from scored_run import make_explanation, make_robustness, make_run, make_windows
from stream_messages import event_rows, phyphox, sensor_logger, sensor_server

from fuzzing.inputs import Files, read_input, write_input
from har.classifier import ActivityClassifier
from har.config import Config, DataConfig
from har.datasets import cache
from har.datasets.dataset import DataSet
from har.export.onnx_file import made_model
from har.export.trained_model import TrainedModel
from har.model_selection.cross_validation_folder import CrossValidationFolder
from har.recipes import recipe_names
from har.signals.channels import UCI_CHANNELS

# Tables in their own files; all others are packed, or folders.
_PACKED = ("phyphox", "phyphox, Excel", "Sensor Logger", "gzip", "Parquet")
# Those of which a person has to say something.
_WITH_OPTIONS = ("Core Motion",)
_N_ROWS = 120
# Of a published file: so many bytes have a few windows.
_LONGEST = 60_000
CACHE_KEY = "uci_har-fuzzed"


def _movement(n_rows: int = _N_ROWS, seed: int = 0) -> Any:
    """Return samples of somebody who stands, hardly still: in g and rad/s."""
    random = np.random.default_rng(seed)
    samples = random.normal(0, 0.05, (n_rows, 6)) + [0.97, 0.1, 0.2, 0, 0, 0]
    return samples.round(4)


def _written(write: Callable[[Path], object]) -> Files:
    with TemporaryDirectory() as folder:
        write(Path(folder))
        return read_input(Path(folder))


def recordings() -> list[Files]:
    """Return tables in the forms of apps and loggers, as text."""
    samples = _movement()
    forms = [form for name, form in FORMS.items() if name not in (*_PACKED, *_WITH_OPTIONS)]
    found = [_written(partial(form, samples)) for form in forms]
    table = pd.DataFrame(plain_table(samples))
    found.append({"walk.csv": table.assign(activity="WALKING").to_csv(index=False).encode()})
    found.append({"acceleration.csv": table.iloc[:, :4].to_csv(index=False).encode()})
    return found


def packed_recordings() -> list[Files]:
    """Return recordings in zips, workbooks, Parquet, gzip, bzip2 and xz."""
    import bz2
    import lzma

    samples = _movement(70)
    found = [_written(partial(FORMS[name], samples)) for name in _PACKED]
    (table,) = _written(lambda folder: plain(samples, folder)).values()
    found += [{"walk.csv.bz2": bz2.compress(table)}, {"walk.csv.xz": lzma.compress(table)}]
    return [*found, {"walk.zip": zipped({"a/walk.csv": table})}]


def arrays() -> list[Files]:
    """Return windows in NumPy's files."""
    signals = make_windows(3).signals
    found: list[Files] = []
    for kind in (np.float32, np.float64, np.int16):
        buffer = io.BytesIO()
        np.save(buffer, signals.astype(kind))
        found.append({"windows.npy": buffer.getvalue()})
    for write, content in (
        (np.savez, {"signals": signals, "channels": np.array(UCI_CHANNELS)}),
        (np.savez_compressed, {"x": signals}),
    ):
        buffer = io.BytesIO()
        write(buffer, **content)
        found.append({"windows.npz": buffer.getvalue()})
    return found


def streams() -> list[Files]:
    """Return live streams: rows, objects, messages of apps; of one person, and of several."""
    table = pd.DataFrame(plain_table(_movement(180)))
    rows = table.to_csv(index=False)
    records = table.to_dict("records")
    lines = "\n".join(map(json.dumps, records))
    rates = {"acc": 50, "gyro": 50}
    texts = [rows, rows.split("\n", 1)[1], lines, "\n".join(map(json.dumps, table.values.tolist()))]
    messages: Sequence[Sequence[str]] = (
        sensor_logger({"acc": "totalacceleration", "gyro": "gyroscope"}, rates_hz=rates),
        phyphox(rates),
        sensor_server({"acc": 100, "gyro": 52}),
        event_rows(rates),
    )
    texts += ["\n".join(each) for each in messages]
    found: list[Files] = [{"lines.txt": text.encode()} for text in texts]
    named = [{"id": ("a", "b", 7)[place % 3], **row} for place, row in enumerate(records)]
    found.append({"by-id.txt": pd.DataFrame(named).to_csv(index=False).encode()})
    found.append({"by-id.txt": "\n".join(map(json.dumps, named)).encode()})
    return found


def recipes() -> list[Files]:
    """Return recipes in YAML with some settings on the command line."""
    given = (
        b"--model.hidden_size=8\n--training.learning_rate=0.01\n--seed=3\n",
        b"",
        b"--device\ncpu",
    )
    text = "seed: 0\ndevice: cpu\n"
    for section in ("data", "model", "training"):
        text += f"{section}:\n"
        for key, value in asdict(Config())[section].items():
            text += f"  {key}: {json.dumps(value)}\n"
    named = b"data:\n  set: recordings\n  activities: [A, no, 010]\n  test_subjects: [1, 02]\n"
    small = b"model:\n  conv_channels: 8\n  n_members: 2\ntraining:\n  patience: 3\n"
    texts = (text.encode(), named, small)
    return [
        {"recipe.yaml": recipe, "overrides.txt": overrides}
        for recipe, overrides in zip(texts, given, strict=True)
    ]


def settings() -> list[Files]:
    """Return every setting as JSON."""
    return [{"settings.json": json.dumps(asdict(config)).encode()} for config in (Config(),)]


def commands() -> list[Files]:
    """Return command lines, an argument a line."""
    lines = (
        "train --config quick --seed 1 --model.hidden_size 32 --out runs/small --threads auto",
        "predict runs/small walk.csv --columns acc_x=Ax --rate-hz 50 --acc-unit g --upright -x",
        "predict runs/small a.csv b.csv --jobs 2 --abstain-below 0.5 --context none --plot",
        "stream runs/small --id device --delay 2 --time-unit ms --ignore-time",
        "cv --config quick --folds 5 --seeds 3 --only-folds 0,1 --jobs 2",
        "tune --config quick --model.hidden_size 16..128 --trials 3 --storage sqlite:///x",
        "baseline linear_svm --folds loso --out x.json",
        "evaluate runs/small --robustness --data.root data --device gpu(0)",
        "inspect walk.csv --gyro-unit deg/s",
        "compare runs/a runs/b",
        "fetch hapt --to data",
        "report runs/small --verbose --log-file x.log",
    )
    names = "\n".join(f"--config\n{name}" for name in recipe_names())
    return [
        *({"arguments.txt": "\n".join(line.split()).encode()} for line in lines),
        {"arguments.txt": f"train\n{names}".encode()},
    ]


def searches() -> list[Files]:
    """Return settings with ranges, an argument a line."""
    texts = (
        "--model.hidden_size=16..128\n--training.learning_rate=1e-4..1e-2:log",
        "--model.dropout=0..0.5:0.1\n--model.pooling=last,mean\n--model.bidirectional=any",
    )
    return [{"overrides.txt": text.encode()} for text in texts]


def trained_runs() -> list[Files]:
    """Return the folder of a tiny run that was trained."""
    windows = make_windows(24, subjects=(1, 2, 3, 4))
    classifier = ActivityClassifier(tiny_config({"hidden_size": 3}, n_epochs=1, calibrate=True))
    classifier.fit(windows)
    walking = {"start_s": [0.0, 10.0], "end_s": [10.0, 20.0], "activity": ["WALKING", "SITTING"]}
    classifier.learn_context([pd.DataFrame(walking)])
    return [_written(classifier.save)]


def adapted_runs() -> list[Files]:
    """Return the folder of a tiny run that was adapted: a spread, and what was taught."""
    windows = make_windows(36, subjects=(1, 2, 3, 4))
    model = {"hidden_size": 3, "summary_size": 3}
    classifier = ActivityClassifier(tiny_config(model, n_epochs=1)).fit(windows)
    one = make_windows(36, subjects=(5,))
    adapted = classifier.adapt(one, person="Ada")
    if adapted.adaptation_ is not None:
        said = "activity 'JUMP': found 3 windows"
        adapted.adaptation_ = replace(adapted.adaptation_, source="a", left_out=(said,))
    return [_written(adapted.save)]


def onnx_models() -> list[Files]:
    """Return models of a tiny run as ONNX, with weights of both kinds."""
    (run,) = trained_runs()
    with TemporaryDirectory() as folder:
        write_input(run, Path(folder))
        model = TrainedModel.read(Path(folder))
    made = made_model(model), made_model(model, is_quantised=True)
    return [{"model.onnx": each.SerializeToString()} for each in made]


def scored_runs() -> list[Files]:
    """Return the folder of a run that was scored, with everything that may be in it."""
    windows = make_windows(40)

    def write(folder: Path) -> None:
        run = make_run(folder / "run", windows, n_epochs=3)
        run.write_json(run.robustness, make_robustness(len(windows)).to_dict())
        (recordings,) = (
            score.recordings for score in make_scores((0,), (0,), with_recordings=True)
        )
        run.write_json(run.recordings, recordings.to_dict())
        run.write_json(run.explanation, make_explanation(windows.where(np.arange(2)), 40).to_dict())

    files = _written(write)
    return [{name.removeprefix("run/"): content for name, content in files.items()}]


def unfinished_runs() -> list[Files]:
    """Return the folder of a run that was interrupted."""
    (run,) = scored_runs()
    kept = ("config.yaml", "manifest.json", "metrics.jsonl")
    return [{name: run[name] for name in kept}]


def cross_validations() -> list[Files]:
    """Return the folder of a cross-validation with two folds scored."""

    def write(folder: Path) -> None:
        cv = CrossValidationFolder.start(folder / "cv", Config(), MANIFEST)
        for score in make_scores((0,), (0, 1), with_recordings=True):
            cv.write_score(score)
        cv.write_summary()

    files = _written(write)
    return [{name.removeprefix("cv/"): content for name, content in files.items()}]


def own_recordings() -> list[Files]:
    """Return folders with ``recordings.csv`` and two people's recordings of 6 s."""
    files = {
        f"{name}.csv": pd.DataFrame(plain_table(_movement(300, seed))).to_csv(index=False).encode()
        for seed, name in enumerate(("a", "b"))
    }
    labelled = pd.read_csv(io.BytesIO(files["a.csv"])).assign(what="WALKING", who="P1")
    segments = "file,subject,start_s,end_s,activity\n"
    segments += "a.csv,P1,0,3,WALKING\na.csv,P1,3,6,SITTING\nb.csv,P2,0,6,WALKING\n"
    columns = "file,subject,label_column,rate_hz,acc_unit,upright\n"
    columns += "a.csv,1,what,50,g,-x\nb.csv,2,what,,,\n"
    of_files = "file;subject;activity\nb.csv;P2;WALKING\na.csv;P1;SITTING\n"
    clock = "file,subject,start,end,activity,gyro_unit\na.csv,P1,14:05:00,14:06:00,REST,deg/s\n"
    with_labels = {name: labelled.to_csv(index=False).encode() for name in files}
    return [
        {**files, "recordings.csv": segments.encode()},
        {**with_labels, "recordings.csv": columns.encode()},
        {**files, "recordings.csv": of_files.encode()},
        {**files, "recordings.csv": clock.encode()},
    ]


def published_sets() -> list[Files]:
    """Return small copies of published data sets; each in a folder of its name in settings."""
    copies: dict[str, dict[str, bytes]] = {
        "motionsense": motionsense((1, 5), ("wlk_7",)),
        "mhealth": mhealth((1,), (4,)),
        "pamap2": pamap2((101,), (4,)),
        "wisdm_2011": wisdm_2011((1, 36), ("Walking",)),
        "unimib_shar": unimib_shar((1, 30), (3,), (2,)),
        "uci_har": _uci_har(),
    }
    found: list[Files] = [
        {f"{kind}/{name}": content for name, content in files.items()}
        for kind, files in copies.items()
    ]
    for files in found:
        for name, content in files.items():
            if len(content) > _LONGEST and not name.endswith(".mat"):
                files[name] = content[: content.rindex(b"\n", 0, _LONGEST) + 1]
    for kind in ("uci_har", "wisdm_2011", "unimib_shar"):
        found.append({f"{kind}/set.zip": zipped(copies[kind])})
    return found


def _uci_har() -> Files:
    """Return windows in the published text files of UCI HAR, two in each split."""
    files: Files = {}
    for split, subjects in (("train", (1, 3)), ("test", (2, 4))):
        windows = make_windows(2)
        of_split = f"UCI HAR Dataset/{split}"
        for place, channel in enumerate(UCI_CHANNELS):
            rows = windows.signals[:, :, place].tolist()
            text = "".join("".join(f"{value: 16.7e}" for value in row) + "\n" for row in rows)
            files[f"{of_split}/Inertial Signals/{channel}_{split}.txt"] = text.encode()
        files[f"{of_split}/y_{split}.txt"] = b"1\n5\n"
        files[f"{of_split}/subject_{split}.txt"] = "".join(f"{n}\n" for n in subjects).encode()
    return files


def caches() -> list[Files]:
    """Return a cached data set, in the folder that `har.datasets.cache` gives it."""
    windows = make_windows(6, subjects=(1, 2))
    data = DataSet("UCI HAR", windows.of_subjects([1]), windows.of_subjects([2]), "a zip", "1234")

    def write(folder: Path) -> None:
        os.environ["HAR_CACHE"] = str(folder)
        cache.store(CACHE_KEY, data)

    return [_written(write)]


OWN = DataConfig(set="recordings")
