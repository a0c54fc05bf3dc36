from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from published_copies import as_folder, expected_windows, wisdm_2011, wisdm_2019

from har.config import DataConfig
from har.datasets.loading import read_data
from har.errors import DataError

RAW = "WISDM_ar_v1.1/WISDM_ar_v1.1_raw.txt"


def read(files, tmp_path, year=2019, **config):
    return read_data(as_folder(files, tmp_path), DataConfig(set=f"wisdm_{year}", **config))


def test_20_hz_and_m_s2_become_50_hz_and_g(tmp_path):
    data = read(wisdm_2011(), tmp_path, 2011)
    assert data.train.activities == ("WALKING", "JOGGING")
    for label in (0, 1):
        windows = data.train.signals[data.train.labels == label]
        expected = expected_windows(n_channels=6, kind=label, person=1)[: len(windows)]
        assert_allclose(windows, expected, atol=0.01)
    assert any("movement faster than 10 Hz is missing" in note for note in data.notes)


def test_lines_that_cannot_be_read_are_counted_and_left_out(tmp_path):
    files = wisdm_2011()
    rows = files[RAW].decode().splitlines()
    # Cut off, without a value, with a comma too many, a stamp of 0, twice, and two in one line.
    odd = ["11,Walking,1867172313000,4.4;", "11,Walking,1867222270000,4.48,14.25,;", ";", ""]
    odd += ["6,Walking,0,0,0,0;", rows[40].replace(";", ",;"), rows[41] + rows[42], rows[43]]
    text = "\n".join([*rows[:40], *odd, *rows[43:]]) + "\n"
    usual = read(files, tmp_path / "usual", 2011)
    data = read({RAW: text.encode()}, tmp_path / "odd", 2011)
    assert_array_equal(data.train.signals, usual.train.signals)
    assert any("3 lines are malformed or have no stamp" in note for note in data.notes)
    assert any("1 row there twice word for word, left out once" in note for note in data.notes)


def test_steps_of_a_busy_phone_are_no_gaps_but_longer_ones_are(tmp_path):
    rows = wisdm_2011()[RAW].decode().splitlines(keepends=True)
    usual = read({RAW: "".join(rows).encode()}, tmp_path / "usual", 2011)
    busy = read({RAW: "".join(rows[:100] + rows[101:]).encode()}, tmp_path / "busy", 2011)
    torn = read({RAW: "".join(rows[:100] + rows[110:]).encode()}, tmp_path / "torn", 2011)
    assert len(busy.train) == len(usual.train) > len(torn.train)
    assert any("1 gap, the longest 0.55 s" in note for note in torn.notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"1,Flying,49105962326000,1,2,3;\n" * 9, "found activity 'Flying', expected Walking"),
        (b"user;activity;x\n" * 9, "found 27 of 27 lines that cannot be read"),
    ],
)
def test_other_files_by_that_name_are_refused(text, message, tmp_path):
    with pytest.raises(DataError, match=message):
        read({RAW: text}, tmp_path, 2011)


@pytest.mark.parametrize(("placement", "turned"), [("phone", 0), ("watch", 1)])
def test_both_sensors_are_put_together_by_their_clock(placement, turned, tmp_path):
    data = read(wisdm_2019(rate_hz=50), tmp_path, placement=placement)
    windows = data.train.signals[data.train.labels == 0]
    # The gyroscope begins 13 ms later: so do the windows.
    times_s = 0.013 + np.arange(600) / 50
    axes = np.concatenate([3 * n + np.roll(np.arange(3), turned) for n in range(3)])
    expected = expected_windows_at(times_s)[: len(windows)][:, :, axes]
    assert_allclose(windows[1:], expected[1:], atol=0.02)


def expected_windows_at(times_s):
    from published_copies import movement

    from har.signals.filters import uci_har_channels
    from har.signals.windows import sliding_windows

    filtered = uci_har_channels(movement(times_s), start="settled").astype(np.float32)
    return sliding_windows(filtered, 128, 64)


@pytest.mark.parametrize("rate_hz", [20, 25, 50, 100])
def test_the_stamps_are_believed_whatever_the_nominal_rate(rate_hz, tmp_path):
    data = read(wisdm_2019(rate_hz=rate_hz), tmp_path)
    assert (data.train.labels == 0).sum() in (7, 8)


def test_an_activity_without_a_gyroscope_is_left_out_unless_it_is_not_needed(tmp_path):
    files = wisdm_2019()
    name = "wisdm-dataset/raw/phone/gyro/data_1600_gyro_phone.txt"
    files[name] = b"".join(row for row in files[name].splitlines(True) if b",B," not in row)
    data = read(files, tmp_path)
    assert data.train.labels.tolist().count(1) == 0
    assert any("JOGGING has no gyroscope; --data.sensors acc does without" in n for n in data.notes)
    assert 1 in read(files, tmp_path, sensors="acc").train.labels


def test_a_person_in_anothers_file_is_refused(tmp_path):
    files = wisdm_2019()
    name = "wisdm-dataset/raw/phone/accel/data_1600_accel_phone.txt"
    files[name] = files[name].replace(b"1600,", b"1601,")
    with pytest.raises(DataError, match="found person 1601 in it, expected 1600 alone"):
        read(files, tmp_path)


@settings(max_examples=15, deadline=None)
@given(
    junk=st.lists(
        st.sampled_from([b";", b",,,,,;", b"7,Walking;", b"x,Jogging,1,2,3,4;", b"\n", b"1,2,3"]),
        max_size=8,
    ),
    at=st.integers(0, 400),
)
def test_a_few_odd_lines_anywhere_leave_the_others_as_they_are(junk, at, tmp_path_factory):
    rows = wisdm_2011((1, 27), ("Walking",))[RAW].splitlines()
    text = b"\n".join([*rows[:at], b"\n".join(junk), *rows[at:]]) + b"\n"
    clean, odd = (
        read({RAW: content}, tmp_path_factory.mktemp("copy"), 2011)
        for content in (b"\n".join(rows), text)
    )
    assert odd.fingerprint == clean.fingerprint
