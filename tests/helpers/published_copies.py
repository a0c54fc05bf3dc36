"""Small copies of published data sets in the layout of their authors, made of known movements."""

from __future__ import annotations

import functools
import io
import zipfile
from pathlib import Path

import numpy as np
from scipy.io import savemat

from har.signals.channels import N_TIMESTEPS, SAMPLE_RATE_HZ, WINDOW_STEP
from har.signals.filters import uci_har_channels
from har.signals.windows import sliding_windows

MS2, DEGREES = 9.80665, 180 / np.pi
SECONDS = 12


def made_once_each(copy):
    """Keep the files that a function makes, which take long to print, for each of its arguments."""
    made = functools.cache(copy)
    return functools.wraps(copy)(lambda *arguments, **which: dict(made(*arguments, **which)))


def movement(times_s, kind=0, person=0):
    """Return acceleration in g and angular rate in rad/s at some times, shape (n, 6)."""
    phase = 2 * np.pi * (0.8 + 0.3 * kind) * np.asarray(times_s, float)[:, None]
    axes = np.arange(3)
    acc = [0.96, -0.2, 0.1 + 0.01 * (person % 10)] + 0.2 * np.sin(phase + axes)
    return np.hstack([acc, 0.5 * np.cos(phase / 2 + axes)])


def at_rate(rate_hz, seconds=SECONDS, **which):
    return movement(np.arange(int(seconds * rate_hz)) / rate_hz, **which)


def expected_windows(n_samples=None, n_channels=9, **which):
    """Return the windows of a movement that was sampled at 50 Hz."""
    n_samples = n_samples or int(SECONDS * SAMPLE_RATE_HZ)
    samples = movement(np.arange(n_samples) / SAMPLE_RATE_HZ, **which)
    samples = samples if n_channels == 9 else samples[:, :3]
    filtered = uci_har_channels(samples, start="settled").astype(np.float32)
    return sliding_windows(filtered, N_TIMESTEPS, WINDOW_STEP)


def lines(rows, separator, end="\n"):
    return "".join(separator.join(map(str, row)) + end for row in rows).encode()


def motionsense(people=(1, 5, 12), codes=("wlk_7", "jog_9")):
    sensors = ("attitude", "gravity", "rotationRate", "userAcceleration")
    angles = ("roll", "pitch", "yaw")
    heading = [f"{s}.{a}" for s in sensors for a in (angles if s == "attitude" else "xyz")]
    files = {}
    for person in people:
        for kind, code in enumerate(codes):
            samples = at_rate(50, kind=kind, person=person)
            gravity = np.tile([-0.9, 0.2, -0.1], (len(samples), 1))
            user = -samples[:, :3] - gravity
            table = np.hstack([0 * gravity, gravity, samples[:, 3:], user]).round(7)
            rows = [["", *heading], *([i, *row] for i, row in enumerate(table.tolist()))]
            files[f"A_DeviceMotion_data/{code}/sub_{person}.csv"] = lines(rows, ",")
    return files


def mhealth(people=(1, 9, 10), labels=(4, 1)):
    files = {}
    for person in people:
        tables = []
        for kind, label in enumerate((*labels, 0)):
            samples = at_rate(50, kind=kind, person=person)
            acc, gyro = samples[:, :3] * MS2, samples[:, 3:] * DEGREES
            table = np.full((len(samples), 24), -7.0)
            for place, (acc_column, gyro_column) in enumerate(((0, None), (5, 8), (14, 17))):
                table[:, acc_column : acc_column + 3] = np.roll(acc, place, axis=1)
                if gyro_column:
                    table[:, gyro_column : gyro_column + 3] = np.roll(gyro, place, axis=1)
            table[:, -1] = label
            tables.append(table)
        rows = np.concatenate(tables).round(6).tolist()
        text = lines(([*row[:-1], int(row[-1])] for row in rows), "\t")
        files[f"MHEALTHDATASET/mHealth_subject{person}.log"] = text
    return files


def pamap2(people=(101, 106), labels=(4, 1), edit=None):
    files = {}
    for person in people:
        tables = []
        for kind, label in enumerate((*labels, 0)):
            samples = at_rate(100, kind=kind, person=person)
            table = np.full((len(samples), 54), 33.0)
            table[:, 1] = label
            table[1:, 2] = np.nan
            for place, first in enumerate((3, 20, 37)):
                table[:, first + 1 : first + 4] = np.roll(samples[:, :3] * MS2, place, axis=1)
                table[:, first + 4 : first + 7] = 6 * MS2
                table[:, first + 7 : first + 10] = np.roll(samples[:, 3:], place, axis=1)
            tables.append(table)
        whole = np.concatenate(tables)
        whole[:, 0] = 5.7 + np.arange(len(whole)) / 100
        if edit:
            edit(whole)
        words = ([f"{value:.8g}".replace("nan", "NaN") for value in row] for row in whole.tolist())
        files[f"PAMAP2_Dataset/Protocol/subject{person}.dat"] = lines(words, " ")
        files[f"PAMAP2_Dataset/Optional/subject{person}.dat"] = b"1 2 3\n"
    return files


def wisdm_2011(people=(1, 27, 36), names=("Walking", "Jogging")):
    rows = []
    for person in people:
        for kind, name in enumerate(names):
            samples = at_rate(20, kind=kind, person=person)[:, :3] * MS2
            first_ns = (49_000 + 1000 * kind) * 10**9
            rows += [
                (person, name, first_ns + i * 50_000_000, *sample)
                for i, sample in enumerate(samples.round(6).tolist())
            ]
    return {"WISDM_ar_v1.1/WISDM_ar_v1.1_raw.txt": lines(rows, ",", ";\n")}


def wisdm_2019(people=(1600, 1641), letters=("A", "B"), rate_hz=20):
    files = {}
    for person in people:
        for device in ("phone", "watch"):
            for sensor in ("accel", "gyro"):
                rows = []
                for kind, letter in enumerate(letters):
                    first_ns = (252_000 + 1000 * kind) * 10**9
                    # The gyroscope's clock is the accelerometer's, its samples come later.
                    late_s = 0.013 if sensor == "gyro" else 0.0
                    times_s = late_s + np.arange(SECONDS * rate_hz) / rate_hz
                    samples = movement(times_s, kind=kind, person=person - 1600)
                    values = samples[:, :3] * MS2 if sensor == "accel" else samples[:, 3:]
                    values = np.roll(values, 0 if device == "phone" else 1, axis=1)
                    rows += [
                        (person, letter, first_ns + round(t * 1e9), *row)
                        for t, row in zip(times_s, values.round(7).tolist(), strict=True)
                    ]
                name = f"wisdm-dataset/raw/{device}/{sensor}/data_{person}_{sensor}_{device}.txt"
                files[name] = lines(rows, ",", ";\n")
    return files


@made_once_each
def hhar(people=("a", "h", "i"), labels=("walk", "sit"), devices=("nexus4_1", "s3_2"), pace=1.0):
    """Make phones at 200 and 150 Hz and a watch at 100 Hz; `pace` is that of Creation_Time."""
    heading = "Index Arrival_Time Creation_Time x y z User Model Device gt".split()
    rates = {"nexus4_1": 200, "s3_2": 150, "gear_1": 100}
    files = {}
    for prefix, names in (("Phones", devices), ("Watch", ("gear_1",))):
        for sensor in ("accelerometer", "gyroscope"):
            rows = []
            for person in people:
                for device in names:
                    for kind, label in enumerate((*labels, "null")):
                        begin_s, rate = kind * SECONDS, rates[device]
                        here_s = np.arange(SECONDS * rate) / rate
                        samples = movement(here_s, kind=kind, person=ord(person) - 97)
                        is_acc = sensor == "accelerometer"
                        values = samples[:, :3] * MS2 if is_acc else samples[:, 3:]
                        values = np.roll(values, 0 if prefix == "Phones" else 1, axis=1)
                        for t, row in zip(here_s + begin_s, values.round(6).tolist(), strict=True):
                            arrival = 1_424_696_638_000 + round(t * 1000)
                            creation = 27_920_678_471_000 + round(t * 1e9 * pace)
                            model = device.split("_")[0]
                            rows.append((len(rows), arrival, creation, *row, person, model))
                            rows[-1] += (device, label)
            name = f"Activity recognition exp/{prefix}_{sensor}.csv"
            files[name] = lines([heading, *rows], ",")
    return files


def unimib_shar(people=(1, 21, 30), labels=(3, 9), n_trials=(6, 2), interleaved=False):
    data, marks = [], []
    for label, trials in zip(labels, n_trials, strict=True):
        for person in people:
            for trial in range(1, trials + 1):
                segment = movement(np.arange(151) / 50, kind=label, person=person)[:, :3] * MS2
                data.append(segment.ravel() if interleaved else segment.T.ravel())
                marks.append((label, person, trial))
    files = {}
    for what, array in (("data", np.array(data)), ("labels", np.array(marks, np.uint8))):
        buffer = io.BytesIO()
        savemat(buffer, {f"acc_{what}": array})
        files[f"UniMiB-SHAR/data/acc_{what}.mat"] = buffer.getvalue()
    return files


COPIES = {
    "motionsense": motionsense,
    "mhealth": mhealth,
    "pamap2": pamap2,
    "wisdm_2011": wisdm_2011,
    "wisdm_2019": wisdm_2019,
    "hhar": hhar,
    "unimib_shar": unimib_shar,
}


def as_folder(files, folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def zipped(files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def as_zip(files, path: Path) -> Path:
    path.write_bytes(zipped(files))
    return path
