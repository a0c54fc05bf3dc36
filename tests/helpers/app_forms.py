"""Recordings in the forms that apps, loggers and watches write, for tests.

`FORMS` has a function for each form: from samples in g and rad/s, shape (n_timesteps, 6) at 50 Hz,
and an empty folder to the path that a person would give, and the options to read it with.
"""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

G = 9.80665
DEGREE = np.pi / 180
START = pd.Timestamp("2023-11-24 14:05:22.120")
START_MS = 1_700_831_122_120


def named(form, values):
    """Name the three axes of a sensor; X, Y, Z for {:X}."""
    axes = "XYZ" if "{X}" in form else "xyz"
    return dict(
        zip([form.replace("{X}", "{}").format(axis) for axis in axes], values.T, strict=True)
    )


def seconds_of(samples):
    return np.arange(len(samples)) / 50


def milliseconds_of(samples):
    return np.arange(len(samples)) * 20


def zipped(files, path):
    with zipfile.ZipFile(path, "w") as archive:
        for name, frame in files.items():
            archive.writestr(name, frame.to_csv(index=False))
    return path


def phyphox_tables(samples):
    seconds = {"Time (s)": seconds_of(samples)}
    shaking = samples[:, :3] - samples[:, :3].mean(0)
    return {
        "Accelerometer": seconds | named("Acceleration {} (m/s^2)", samples[:, :3] * G),
        "Gyroscope": seconds | named("Gyroscope {} (rad/s)", samples[:, 3:]),
        "Linear Accelerometer": seconds | named("Linear Acceleration {} (m/s^2)", shaking * G),
    }


def phyphox(samples, folder):
    files = {f"{name}.csv": pd.DataFrame(t) for name, t in phyphox_tables(samples).items()}
    files["meta/time.csv"] = pd.DataFrame({"event": ["START"], "experiment time": [0.0]})
    return zipped(files, folder / "walk.zip"), {}


def phyphox_workbook(samples, folder):
    with pd.ExcelWriter(folder / "walk.xlsx", engine="openpyxl") as workbook:
        for name, table in phyphox_tables(samples).items():
            pd.DataFrame(table).to_excel(workbook, sheet_name=name, index=False)
    return folder / "walk.xlsx", {}


def sensor_logger_files(samples, sign):
    gravity = np.tile([0.97, 0.1, 0.2], (len(samples), 1))
    clock = {
        "time": (START_MS + milliseconds_of(samples)) * 1_000_000,
        "seconds_elapsed": seconds_of(samples) + 0.1,
    }

    def of(values):
        return pd.DataFrame(clock | dict(zip("zyx", values[:, ::-1].T, strict=True)))

    return {
        "Accelerometer.csv": of(sign * (samples[:, :3] - gravity) * G),
        "Gravity.csv": of(sign * gravity * G),
        "Gyroscope.csv": of(samples[:, 3:]),
    }


def sensor_logger(samples, folder):
    files = sensor_logger_files(samples, 1)
    files["TotalAcceleration.csv"] = files["Gravity.csv"].copy()
    files["TotalAcceleration.csv"][list("xyz")] += files["Accelerometer.csv"][list("xyz")]
    files["Metadata.csv"] = pd.DataFrame({"platform": ["android"], "standardisation": ["false"]})
    return zipped(files, folder / "walk.zip"), {}


def sensor_logger_ios(samples, folder):
    files = sensor_logger_files(samples, -1)
    files["Metadata.csv"] = pd.DataFrame({"platform": ["ios"], "standardisation": ["false"]})
    for name, frame in files.items():
        frame.to_csv(folder / name, index=False)
    return folder, {}


def sensorlog(samples, folder):
    stamps = START + pd.to_timedelta(milliseconds_of(samples), unit="ms")
    iso = stamps.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3] + "+01:00"
    table = {"loggingTime(txt)": iso, "loggingSample(N)": np.arange(len(samples))}
    table |= named("accelerometerAcceleration{X}(G)", -samples[:, :3])
    return written(table | named("gyroRotation{X}(rad/s)", samples[:, 3:]), folder)


def physics_toolbox(samples, folder):
    shaking = samples[:, :3] - samples[:, :3].mean(0)
    table = {"time": seconds_of(samples)} | named("gF{}", samples[:, :3])
    return written(table | named("a{}", shaking * G) | named("w{}", samples[:, 3:]), folder)


def androsensor(samples, folder):
    table = named("ACCELEROMETER {X} (m/s²)", samples[:, :3] * G)
    table |= named("GYROSCOPE {X} (rad/s)", samples[:, 3:])
    table["Time since start in ms "] = milliseconds_of(samples)
    stamps = START + pd.to_timedelta(milliseconds_of(samples), unit="ms")
    table["YYYY-MO-DD HH-MI-SS_SSS"] = stamps.strftime("%Y-%m-%d %H:%M:%S:%f").str[:-3]
    return written(table, folder, sep=";")


def matlab_mobile(samples, folder):
    stamps = START + pd.to_timedelta(milliseconds_of(samples), unit="ms")
    text = {"Timestamp": stamps.strftime("%d-%b-%Y %H:%M:%S.%f").str[:-3]}
    for name, values in (("Acceleration", samples[:, :3] * G), ("AngularVelocity", samples[:, 3:])):
        pd.DataFrame(text | named("{X}", values)).to_csv(folder / f"{name}.csv", index=False)
    return folder, {}


def metawear(samples, folder):
    parts = (
        ("Accelerometer", "{}-axis (g)", samples[:, :3]),
        ("Gyroscope", "{}-axis (deg/s)", samples[:, 3:] / DEGREE),
    )
    for name, heading, values in parts:
        table = {"epoch (ms)": START_MS + milliseconds_of(samples)}
        table |= {"elapsed (s)": seconds_of(samples)} | named(heading, values)
        file = folder / f"MetaWear_2023-11-24T14.05.22.120_C4D2_{name}_50.000Hz_1.5.2.csv"
        pd.DataFrame(table).to_csv(file, index=False)
    return folder, {}


def actigraph(samples, folder):
    stamps = START + pd.to_timedelta(milliseconds_of(samples), unit="ms")
    table = {"Timestamp": stamps.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0"}
    table |= named("Accelerometer {X}", samples[:, :3]) | {"Temperature": 31.0}
    table |= named("Gyroscope {X}", samples[:, 3:] / DEGREE)
    before = "------------ Data File Created By ActiGraph GT9X ActiLife v6.13.4 -----------\n"
    before += "Serial Number: XXX\n" + "Start Time 14:05:22\n" * 7 + "-" * 40 + "\n"
    return written(table, folder, before)


def shimmer(samples, folder):
    device = "Shimmer_AD5E"
    table = {f"{device}_Timestamp_Unix_CAL": START_MS + milliseconds_of(samples)}
    table |= named(f"{device}_Accel_LN_{{X}}_CAL", samples[:, :3] * G)
    table |= named(f"{device}_Gyro_{{X}}_CAL", samples[:, 3:] / DEGREE)
    text = pd.DataFrame(table).to_csv(sep="\t", index=False).splitlines()
    units = "ms\t" + "m/(s^2)\t" * 3 + "deg/s\t" * 3
    lines = ["sep=\t", text[0] + "\t", units, *(line + "\t" for line in text[1:])]
    (folder / "walk.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "walk.csv", {}


def xsens_dot(samples, folder):
    table = {"PacketCounter": np.arange(len(samples))}
    table |= {"SampleTimeFine": 4_294_000_000 + milliseconds_of(samples) * 1000}
    table["SampleTimeFine"] %= 2**32
    table |= named("Acc_{X}", samples[:, :3] * G) | named("Gyr_{X}", samples[:, 3:] / DEGREE)
    before = "DeviceTag:,Xsens DOT\nFirmwareVersion:,2.0.0\nOutputRate:,50Hz\n\n"
    return written(table, folder, before)


def core_motion(samples, folder):
    gravity = np.tile([0.97, 0.1, 0.2], (len(samples), 1))
    table = named("attitude.{}", samples[:, 3:]) | named("gravity.{}", -gravity)
    table |= named("rotationRate.{}", samples[:, 3:])
    table |= named("userAcceleration.{}", gravity - samples[:, :3])
    path, _options = written(table, folder)
    return path, {"rate_hz": 50.0}


def row_per_event(samples, folder):
    rows = []
    for name, values, late_ms in (("acc", samples[:, :3] * G, 0), ("gyr", samples[:, 3:], 0)):
        stamps = {"sensor": name, "timestamp": 52_012_000 + milliseconds_of(samples) + late_ms}
        rows.append(pd.DataFrame(stamps | named("{}", values)))
    return written(pd.concat(rows).sort_values("timestamp", kind="stable"), folder)


def edge_impulse(samples, folder):
    sensors = [{"name": f"acc{axis}", "units": "m/s2"} for axis in "XYZ"]
    sensors += [{"name": f"gyr{axis}", "units": "rad/s"} for axis in "XYZ"]
    values = (samples * [G, G, G, 1, 1, 1]).tolist()
    payload = {"device_type": "PHONE", "interval_ms": 20, "sensors": sensors, "values": values}
    path = folder / "walk.json"
    path.write_text(json.dumps({"protected": {"ver": "v1"}, "signature": "", "payload": payload}))
    return path, {}


def german_spreadsheet(samples, folder):
    stamps = START + pd.to_timedelta(milliseconds_of(samples), unit="ms")
    table = {"Zeitstempel": stamps.strftime("%d.%m.%Y %H:%M:%S,%f").str[:-3]}
    table |= named("acc_{}", samples[:, :3]) | named("gyro_{}", samples[:, 3:])
    return written(table, folder, sep=";", decimal=",")


def unicode_text(samples, folder):
    path = folder / "walk.txt"
    pd.DataFrame(plain_table(samples)).to_csv(path, index=False, sep="\t", encoding="utf-16")
    return path, {}


def gzipped(samples, folder):
    path = folder / "walk.csv.gz"
    path.write_bytes(gzip.compress(pd.DataFrame(plain_table(samples)).to_csv(index=False).encode()))
    return path, {}


def parquet(samples, folder):
    pd.DataFrame(plain_table(samples)).to_parquet(folder / "walk.parquet")
    return folder / "walk.parquet", {}


def plain_table(samples):
    table = {"time_s": seconds_of(samples)} | named("acc_{}", samples[:, :3])
    return table | named("gyro_{}", samples[:, 3:])


def plain(samples, folder):
    return written(plain_table(samples), folder)


def written(table, folder, before="", **options) -> tuple[Path, dict[str, object]]:
    path = folder / "walk.csv"
    path.write_text(before + pd.DataFrame(table).to_csv(index=False, **options), encoding="utf-8")
    return path, {}


# By the names of README's table.
FORMS = {
    "phyphox": phyphox,
    "phyphox, Excel": phyphox_workbook,
    "Sensor Logger": sensor_logger,
    "Sensor Logger, iPhone": sensor_logger_ios,
    "SensorLog": sensorlog,
    "Physics Toolbox": physics_toolbox,
    "AndroSensor": androsensor,
    "MATLAB Mobile": matlab_mobile,
    "MetaWear": metawear,
    "ActiGraph": actigraph,
    "Shimmer": shimmer,
    "Xsens DOT": xsens_dot,
    "Core Motion": core_motion,
    "Edge Impulse": edge_impulse,
    "a row for each event": row_per_event,
    "spreadsheets": german_spreadsheet,
    "Excel's Unicode text": unicode_text,
    "gzip": gzipped,
    "Parquet": parquet,
}
