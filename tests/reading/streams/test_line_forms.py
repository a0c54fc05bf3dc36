"""Names in headings and keys, and what is said of those that are not understood."""

from __future__ import annotations

import json

import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st

from har.errors import DataError
from har.reading.streams.layouts import Declared
from har.reading.streams.line_forms import LineReader
from har.reading.streams.readings import MalformedLineError, OtherSensorsError, stamp_of
from har.reading.streams.sample_lines import SampleLines
from har.signals.channels import RAW_CHANNELS

ROW = "1,2,3,4,5,6,7"


def kinds_of(texts, **declared):
    """Give the values of each kind of sensor in the last line."""
    reader = LineReader(RAW_CHANNELS, Declared(**declared))
    for text in texts[:-1]:
        assert reader.takes_as_heading(text)
    assert not reader.takes_as_heading(texts[-1])
    readings = reader.readings(texts[-1])
    return {sensor.kind: v for reading in readings for sensor, v in reading.values.items()}


@settings(deadline=None)
@given(st.permutations(["t", "accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ", "magX", "note"]))
def test_columns_may_stand_in_any_order_beside_others(names):
    values = {name: number for number, name in enumerate(names)}
    row = ",".join(str(values[name]) for name in names)
    found = kinds_of([",".join(names), row])
    assert found["acc"] == [values["accX"], values["accY"], values["accZ"]]
    assert found["gyro"] == [values["gyrX"], values["gyrY"], values["gyrZ"]]


@pytest.mark.parametrize(
    ("heading", "acc", "gyro"),
    [
        (
            "t (s),ax (m/s^2),ay (m/s^2),az (m/s^2),wx (rad/s),wy (rad/s),wz (rad/s)",
            "m/s2",
            "rad/s",
        ),
        (
            "t,acc x [mg],acc y [mg],acc z [mg],gyr x [deg/s],gyr y [deg/s],gyr z [deg/s]",
            "mg",
            "deg/s",
        ),
        ("t,ax,ay,az,gx,gy,gz", None, None),
    ],
)
def test_units_in_brackets_are_obeyed(heading, acc, gyro):
    reader = LineReader(RAW_CHANNELS, Declared())
    assert reader.takes_as_heading(heading)
    (reading,) = reader.readings(ROW)
    assert {sensor.kind: sensor.unit for sensor in reading.values} == {"acc": acc, "gyro": gyro}


def test_what_the_user_says_wins_over_a_bracket():
    heading = "t (s),ax (raw),ay (raw),az (raw),gx (rad/s),gy (rad/s),gz (rad/s)"
    reader = LineReader(RAW_CHANNELS, Declared(acc="mg", gyro="deg/s", time="ms"))
    assert reader.takes_as_heading(heading)
    (reading,) = reader.readings(ROW)
    assert [s.unit for s in reading.values] == ["mg", "deg/s"]
    assert {s.time_unit for s in reading.values} == {"ms"}


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("time_s,accX,accY,accZ,gyrX,gyrY,rotation", "gyr"),
        ("Zeit,Beschl X,Beschl Y,Beschl Z,Dreh X,Dreh Y,Dreh Z", "Beschl X"),
        ("time_s,ax,ay,az,a_x,gy,gz", "for acc_x"),
        ("time_s,ax (lsb),ay (lsb),az (lsb),gx,gy,gz", "unit 'lsb'"),
        ("t,linaccx,linaccy,linaccz,gx,gy,gz", "without gravity"),
    ],
)
def test_a_heading_that_is_not_understood_is_refused_with_its_first_row(heading, words):
    lines = SampleLines()
    assert lines.read(heading) == []
    with refused(DataError, "heading of the stream", words):
        lines.read(ROW)


def test_a_heading_without_a_gyroscope_is_refused():
    lines = SampleLines()
    lines.read("time_s,ax,ay,az")
    with refused(DataError, "heading of the stream", "gyro"):
        lines.read("0,0,0,1")


def test_under_a_heading_that_is_not_understood_nothing_is_read_by_place():
    lines = SampleLines()
    for text in ["when,left,right,up,down,here,there", *["[1, 2, 3, 4, 5, 6, 7]"] * 60]:
        assert lines.read(text) == []
    assert lines.n_malformed == 61
    with refused(DataError, "no sample in 61 lines", "expected"):
        lines.finish()


def test_columns_may_be_named_by_the_user():
    named = {"acc_x": "hoch", "time": "Zeit"}
    found = kinds_of(["Zeit,hoch,ay,az,gx,gy,gz,ax", f"{ROW},8"], names=named)
    assert found == {"acc": [2, 3, 4], "gyro": [5, 6, 7]}
    lines = SampleLines(columns={"acc_x": "gone"})
    lines.read("t,ax,ay,az,gx,gy,gz")
    with refused(DataError, "no column 'gone' for acc_x"):
        lines.read(ROW)


def test_a_second_heading_may_put_columns_in_another_order():
    lines = SampleLines(acc_unit="g", gyro_unit="rad/s")
    texts = ["ax,ay,az,gx,gy,gz", "1,2,3,4,5,6", "gx,gy,gz,ax,ay,az", "4,5,6,1,2,3"]
    chunks = [chunk for text in texts for chunk in lines.read(text)]
    assert [chunk.samples.tolist() for chunk in chunks] == [[[1, 2, 3, 4, 5, 6]]] * 2


def test_a_row_may_lack_a_whole_sensor():
    texts = ["t,ax,ay,az,gx,gy,gz", "1,1,2,3,,,"]
    assert kinds_of(texts) == {"acc": [1, 2, 3]}
    with pytest.raises(MalformedLineError, match="gx is no finite number"):
        kinds_of([texts[0], "1,1,2,3,,5,6"])


@pytest.mark.parametrize(
    "message",
    [
        {"magnetometer": [1, 2, 3], "t": 1},
        {"name": "location", "time": 1, "values": {"latitude": 1}},
        {"sensor": "gravitation", "x": 1, "y": 2, "z": 3},
        {},
        [],
        {"payload": [{"name": "camera", "time": 1, "values": {"image": "abc"}}]},
    ],
)
def test_other_sensors_are_left_out(message):
    reader = LineReader(RAW_CHANNELS, Declared())
    with pytest.raises(OtherSensorsError):
        reader.readings(json.dumps(message))


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("12", (12, False)),
        ("1700000000000000001", (1700000000000000001, False)),
        ("1.5", (1.5, False)),
        ("2023-11-24T14:05:22Z", (1_700_834_722_000_000_000, True)),
        ("2023-11-24 14:05:22,12", (1_700_834_722_120_000_000, True)),
        ("2023/11/24 14:05:22:000001", (1_700_834_722_000_001_000, True)),
        ("2023-11-24T14:05:22.5+01:30", (1_700_829_322_500_000_000, True)),
        ("00:01:00.5", (60_500_000_000, True)),
    ],
)
def test_stamps_are_numbers_or_dates(text, stamp):
    assert stamp_of(text, "time") == stamp


@pytest.mark.parametrize(
    "value",
    ["", "noon", "2023-13-24 14:05:22", "nan", "1e40", None, True, [1], float("nan"), 10**30],
)
def test_what_is_no_time_is_said(value):
    with pytest.raises(MalformedLineError, match="when"):
        stamp_of(value, "when")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "t time name values buffer payload acc gyro accX acc_time x y z deviceId".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None, max_examples=300)
@given(st.lists(JSON, max_size=20))
def test_no_json_is_an_error(values):
    lines = SampleLines()
    for value in values:
        lines.read(json.dumps(value))
    assert "\n" not in lines.in_words()
