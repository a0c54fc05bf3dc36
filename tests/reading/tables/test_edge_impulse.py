from __future__ import annotations

import json

import pytest
from builders import refused
from numpy.testing import assert_array_equal

from har.errors import DataError


def written(values, interval_ms=20, **changes):
    names = ["accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ"]
    units = ["m/s2"] * 3 + ["deg/s"] * 3
    payload = {
        "device_type": "phone",
        "interval_ms": interval_ms,
        "sensors": [{"name": n, "units": u} for n, u in zip(names, units, strict=True)],
        "values": values,
    }
    header = {"ver": "v1", "alg": "none"}
    return json.dumps({"protected": header, "signature": "0", "payload": payload | changes})


def test_samples_names_units_and_rate_are_read(opened, read, numbers):
    table = opened(written(numbers[:, 1:].tolist()), "walk.json")
    assert table.headings[0] == "accX (m/s2)"
    assert table.headings[5] == "gyrZ (deg/s)"
    assert (table.rate_hz, table.notes) == (50.0, ("table: Edge Impulse's JSON",))
    assert_array_equal(read(table), numbers[:, 1:])


def test_other_fields_may_be_missing(opened, read):
    sensors = [{"name": "acc_x"}, {"name": "label", "units": "N/A"}]
    table = opened(written([[1, 2], [3, None]], 0, sensors=sensors))
    assert (table.headings, table.rate_hz) == (("acc_x", "label"), None)
    assert read(table, 0, 1, as_text=[1])["1"].iloc[0] == "2"


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ('{"time": 1, "acc_x": 2}\n{"time": 2, "acc_x": 2}\n', ["JSON lines", "har stream"]),
        ('[{"sensor": "Accelerometer", "x": 1}]', ["JSON of another kind", "as CSV"]),
        ("{}", ["JSON of another kind"]),
        (written([[1] * 6])[:-9], ["damaged JSON"]),
        (written([[1] * 6, [1] * 5]), ["values 2: found 5 numbers, expected 6"]),
        (written([[1] * 6], "often"), ["damaged JSON of Edge Impulse"]),
        (written([[1] * 6], sensors=[{}]), ["damaged JSON of Edge Impulse"]),
        (written([[1] * 6], sensors=3), ["damaged JSON of Edge Impulse"]),
        ("[" * 100_000, ["damaged JSON"]),
    ],
)
def test_other_json_is_refused(opened, content, parts):
    with refused(DataError, "walk.json", *parts):
        opened(content, "walk.json")


def test_more_json_than_fits_is_refused(opened, monkeypatch):
    monkeypatch.setattr("har.reading.tables.edge_impulse._MOST_BYTES", 100)
    with refused(DataError, "of JSON, expected less: export the recording as CSV"):
        opened(written([[1] * 6] * 10))


def test_text_in_brackets_is_no_json(opened):
    assert opened(["[time];[acc x]", "0.1;0.2", "0.3;0.4"]).headings == ("[time]", "[acc x]")
