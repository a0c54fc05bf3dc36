from __future__ import annotations

import zipfile

import numpy as np
import pandas as pd
import pytest
from builders import refused
from numpy.testing import assert_allclose, assert_array_equal

from har.errors import DataError
from har.reading.recording_files import read_recording
from har.reading.sensors import files as sensor_files
from har.reading.sensors.files import is_export

G = 9.80665
SECONDS = np.arange(1500) / 50


@pytest.fixture(scope="module")
def phone(phone):
    """Half a minute of the carried phone."""
    return phone[:1500]


def table(values, headings, seconds=SECONDS, time="Time (s)"):
    return pd.DataFrame({time: seconds, **dict(zip(headings, values.T, strict=True))})


def axes(form):
    return [form.format(axis) for axis in "xyz"]


def phyphox(phone):
    """Make what phyphox exports: headings with units, a folder meta, linear acceleration beside."""
    shaking = phone[:, :3] - phone[:, :3].mean(0)
    return {
        "Accelerometer.csv": table(phone[:, :3] * G, axes("Acceleration {} (m/s^2)")),
        "Gyroscope.csv": table(phone[:, 3:], axes("Gyroscope {} (rad/s)"), SECONDS + 0.007),
        "Linear Acceleration.csv": table(shaking * G, axes("Linear Acceleration {} (m/s^2)")),
        "meta/time.csv": pd.DataFrame({"event": ["START"], "experiment time": [0.0]}),
    }


def sensor_logger(phone, with_total, platform="android", standardisation="false"):
    """Make what Sensor Logger exports: an Accelerometer.csv without gravity, z before y and x."""
    sign = -1 if (platform, standardisation) == ("ios", "false") else 1
    gravity = np.tile([0.1, 0.2, 0.97], (len(phone), 1)) * G
    total = phone[:, :3] * G

    def of(values):
        # The other column of times is left out: which is taken is another matter.
        frame = pd.DataFrame({"seconds_elapsed": SECONDS})
        frame[["z", "y", "x"]] = values[:, ::-1]
        return frame

    files = {
        "Accelerometer.csv": of(sign * (total - gravity)),
        "Gravity.csv": of(sign * gravity),
        "Gyroscope.csv": of(phone[:, 3:]),
        "Annotation.csv": pd.DataFrame({"time": [], "seconds_elapsed": [], "text": []}),
        "Metadata.csv": pd.DataFrame(
            {"version": [3], "platform": [platform], "standardisation": [standardisation]}
        ),
    }
    return files | ({"TotalAcceleration.csv": of(sign * total)} if with_total else {})


@pytest.fixture(params=["folder", "zip", "zip of a folder"])
def export(request, tmp_path):
    """Write an app's export in each of its forms."""

    def write(files):
        if request.param == "folder":
            for name, frame in files.items():
                (tmp_path / "export" / name).parent.mkdir(parents=True, exist_ok=True)
                frame.to_csv(tmp_path / "export" / name, index=False)
            return tmp_path / "export"
        inside = "walk/" if request.param == "zip of a folder" else ""
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            for name, frame in files.items():
                archive.writestr(inside + name, frame.to_csv(index=False))
        return tmp_path / "export.zip"

    return write


def test_phyphoxs_accelerometer_goes_before_linear_acceleration(export, phone):
    path = export(phyphox(phone))
    recording = read_recording(path)
    assert recording.source == str(path)
    start = recording.stretches[0].start_s
    assert start == pytest.approx(0.007)
    assert_allclose(recording.samples[:-1, 3:], phone[:-2, 3:], atol=1e-3)
    expected = np.interp(SECONDS[:-1] + start, SECONDS, phone[:, 2])[: len(recording)]
    assert np.abs(recording.samples[:, 2] - expected).mean() < 0.005


@pytest.mark.parametrize("with_total", [True, False])
def test_sensor_loggers_total_or_its_sum_is_taken(export, phone, with_total):
    recording = read_recording(export(sensor_logger(phone, with_total)))
    assert_allclose(recording.samples, phone, atol=1e-5)
    assert any("of two tables" in note for note in recording.notes) != with_total
    assert not any("signs" in note for note in recording.notes)


@pytest.mark.parametrize(("standardisation", "is_noted"), [("false", True), ("true", False)])
def test_sensor_loggers_metadata_tell_apples_signs(export, phone, standardisation, is_noted):
    recording = read_recording(export(sensor_logger(phone, True, "ios", standardisation)))
    assert_allclose(recording.samples, phone, atol=1e-5)
    assert any("signs" in note for note in recording.notes) == is_noted


def test_bare_axes_are_those_of_the_files_sensor(export, phone):
    stamp = "2024-03-20T10.47.18.128_C3A9F3F8"
    files = {
        f"MetaWear_{stamp}_Accelerometer_50.000Hz_1.4.4.csv": table(
            phone[:, :3], axes("{}-axis (g)"), time="elapsed (s)"
        ),
        f"MetaWear_{stamp}_Gyroscope_50.000Hz_1.4.4.csv": table(
            phone[:, 3:] * 180 / np.pi, axes("{}-axis (deg/s)"), time="elapsed (s)"
        ),
    }
    assert_allclose(read_recording(export(files)).samples, phone, atol=1e-5)


def test_without_need_of_a_gyroscope_acceleration_is_read_alone(export, phone):
    files = phyphox(phone)
    path = export({name: files[name] for name in ("Accelerometer.csv", "Linear Acceleration.csv")})
    with refused(
        DataError, "'Accelerometer.csv' without a gyroscope: this model needs", "--gyro FILE"
    ):
        read_recording(path)
    recording = read_recording(path, needs_gyroscope=False)
    assert_allclose(recording.samples, phone[:, :3], atol=1e-5)


def test_two_files_are_given_by_an_option(tmp_path, phone):
    files = phyphox(phone)
    for name in ("Accelerometer.csv", "Gyroscope.csv"):
        files[name].to_csv(tmp_path / name, index=False)
    acc, gyro = tmp_path / "Accelerometer.csv", tmp_path / "Gyroscope.csv"
    recording = read_recording(acc, gyro=gyro)
    assert_allclose(recording.samples[:-1, 3:], phone[:-2, 3:], atol=1e-3)
    with refused(DataError, "Accelerometer.csv: found columns", "expected also gyro_x", "--gyro"):
        read_recording(acc)
    with refused(DataError, "Gyroscope.csv: found columns", "expected also acc_x"):
        read_recording(gyro, gyro=gyro)


def test_linear_acceleration_alone_is_refused(export, phone):
    files = phyphox(phone)
    del files["Accelerometer.csv"]
    with refused(DataError, "found acceleration without gravity (", "expected acceleration with"):
        read_recording(export(files))


def test_several_tables_of_a_kind_are_refused(export, phone):
    files = phyphox(phone)
    files["HipAccelerometer.csv"] = files["Accelerometer.csv"]
    with refused(DataError, "Accelerometer.csv', '", "HipAccelerometer.csv", "--gyro FILE"):
        read_recording(export(files))


def test_several_recordings_are_no_export(export, phone, make):
    whole = table(phone, make.plain[1:], time="time_s")
    path = export({"a.csv": whole, "b.csv": whole})
    assert not is_export(path)
    with refused(DataError, "found 2 recordings (", "name its file"):
        read_recording(path)


def test_the_only_whole_table_of_an_export_is_taken(export, phone, make):
    files = {"all.csv": table(phone, make.plain[1:], time="time_s"), **phyphox(phone)}
    assert_allclose(read_recording(export(files)).samples, phone, atol=1e-5)


def test_a_watch_beside_the_phone_is_left_out_with_a_note(export, phone):
    watch = ["rotationRate{}", "gravity{}", "acceleration{}"]
    names = [form.format(axis) for form in watch for axis in "XYZ"]
    files = phyphox(phone) | {"WristMotion.csv": table(np.ones((1500, 9)), names)}
    recording = read_recording(export(files))
    assert_allclose(recording.samples, read_recording(export(phyphox(phone))).samples)
    assert any("WristMotion.csv' left out" in note for note in recording.notes)


def test_an_export_is_known(export, phone, tmp_path):
    assert is_export(export(phyphox(phone)))
    (tmp_path / "walk.csv").write_text("time_s,acc_x\n")
    assert not is_export(tmp_path / "walk.csv")


def test_errors_name_the_zip_and_not_where_it_was_unpacked(tmp_path, phone):
    files = phyphox(phone)
    files["Gyroscope.csv"] = files["Gyroscope.csv"].astype(object)
    files["Gyroscope.csv"].iloc[7, 1] = "oops"
    with zipfile.ZipFile(tmp_path / "walk.zip", "w") as archive:
        for name, frame in files.items():
            archive.writestr(name, frame.to_csv(index=False))
    with refused(DataError, f"{tmp_path}/walk.zip/Gyroscope.csv", "found 'oops'"):
        read_recording(tmp_path / "walk.zip")


def test_names_in_a_zip_never_lead_out_of_it(tmp_path, phone):
    with zipfile.ZipFile(tmp_path / "walk.zip", "w") as archive:
        for name, frame in phyphox(phone).items():
            archive.writestr(f"../../{name}", frame.to_csv(index=False))
    assert len(read_recording(tmp_path / "walk.zip")) > 1400
    assert [file.name for file in tmp_path.iterdir()] == ["walk.zip"]


def test_a_folder_of_too_many_tables_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sensor_files, "_MOST_FILES", 3)
    for name in "abcd":
        (tmp_path / f"{name}.csv").write_text("0")
    with refused(DataError, "found 4 tables, expected at most 3"):
        read_recording(tmp_path)


def test_a_workbook_with_a_sheet_for_each_sensor_is_an_export(tmp_path, export, phone):
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, frame in phyphox(phone).items():
        sheet = workbook.create_sheet(name.removesuffix(".csv").replace("/", " "))
        for row in [list(frame), *frame.to_numpy().tolist()]:
            sheet.append(row)
    workbook.save(tmp_path / "walk.xlsx")
    assert is_export(tmp_path / "walk.xlsx")
    recording = read_recording(tmp_path / "walk.xlsx")
    assert_allclose(recording.samples, read_recording(export(phyphox(phone))).samples, atol=1e-6)


def test_columns_and_units_are_given_for_files_apart_too(export, phone):
    files = {
        "acc.csv": table(phone[:, :3] * G, ["up", "left (raw)", "front"]),
        "gyro.csv": table(phone[:, 3:] * 180 / np.pi, axes("{}")),
    }
    columns = {"acc_x": "up", "acc_y": "left (raw)", "acc_z": "front"}
    files["acc.csv"]["x"] = files["acc.csv"]["y"] = files["acc.csv"]["z"] = 0.0
    recording = read_recording(export(files), columns=columns, acc_unit="m/s2", gyro_unit="deg/s")
    assert_array_equal(recording.samples.shape, (1500, 6))
    assert_allclose(recording.samples, phone, atol=1e-5)
