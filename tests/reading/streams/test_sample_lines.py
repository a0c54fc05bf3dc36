from __future__ import annotations

import json

import numpy as np
import pytest
from builders import refused
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from har.errors import DataError
from har.reading.streams.sample_lines import SampleLines
from har.signals.channels import RAW_CHANNELS

# Machines are shared: how long an example takes says nothing.
unhurried = settings(deadline=None)

HEADER = ",".join(RAW_CHANNELS)
VALUES = [0.1, -0.25, 1.0, 0.5, -3.0, 1e-3]
MALFORMED = [
    "hello",
    "1,2",
    "1,2,3,4,5,6,7,8",
    "1,2,3,4,5,x",
    "1,2,3,,5,6",
    "1,2,3,nan,5,6",
    "1,2,3,4,-inf,6",
    "1,2,3,4,5,1e60",
    "1,2,3,4,5," + "9" * 5000,
    "{",
    "[1, 2, 3, 4, 5]",
    '[1, 2, 3, 4, 5, "x"]',
    "[1, 2, 3, 4, 5, true]",
    "[1, 2, 3, 4, 5, null]",
    "[1, 2, 3, 4, 5, [6]]",
    "[1, 2, 3, 4, 5, NaN]",
    f"[1, 2, 3, 4, 5, {'9' * 400}]",
    "[" * 100_000,
    '{"acc_x": 1}',
    '"text"',
]


def numbered(number):
    """A line without time, whose first value tells which it is."""
    return f"{number},0,1,0,0,0"


def stamped(number, rate_hz=50.0, start_s=0.0):
    return f"{start_s + number / rate_hz:.6f},{numbered(number)}"


def plain(**options):
    """Make a reader of lines in g and rad/s, with times in seconds."""
    return SampleLines(**{"acc_unit": "g", "gyro_unit": "rad/s", "time_unit": "s", **options})


def chunks_of(lines, texts):
    """Give all samples of a whole stream that has some."""
    chunks = [chunk for text in texts for chunk in lines.read(text)]
    return chunks + lines.finish()


def slots_of(lines, texts):
    """Give the first value in each slot, as lines go in."""
    return {
        chunk.first_slot + place: sample[0]
        for chunk in chunks_of(lines, texts)
        for place, sample in enumerate(chunk.samples)
    }


def gaps_of(lines, texts):
    return [chunk.first_slot for chunk in chunks_of(lines, texts) if chunk.is_after_gap]


@pytest.mark.parametrize(
    "texts",
    [
        [json.dumps(dict(zip(RAW_CHANNELS, VALUES, strict=True)))],
        [json.dumps(dict(zip(RAW_CHANNELS, VALUES, strict=True), time_s=3.5, more="x"))],
        [json.dumps(VALUES)],
        [json.dumps([3.5, *VALUES])],
        [HEADER, ",".join(map(str, VALUES))],
        ["\ufeff" + HEADER + "\r\n", "", ",".join(map(str, VALUES)) + "\r\n"],
        ["gyro_z, gyro_y, gyro_x, note, acc_z, acc_y, acc_x", "1e-3,-3,.5,hi,1,-0.25,0.1"],
        ["gyr z;gyr y;gyr x;Acc Z;Acc Y;Acc X;", "0,001;-3;0,5;1;-0,25;0,1;"],
        ["// a comment", "accZ|accY|accX|wz|wy|wx|t", "1|-.25|.1|1e-3|-3|.5|3.5"],
        ["# a comment", "t\tax\tay\taz\tgx\tgy\tgz", "3,5\t0,1\t-0,25\t1\t0,5\t-3\t0,001"],
        [f"when,{HEADER}", '"2023-11-24 14:05:22,120",' + ",".join(map(str, VALUES))],
        ['{"accX": 0.1, "accY": -0.25, "accZ": 1, "gyrX": 0.5, "gyrY": -3, "gyrZ": 1e-3, "t": 3}'],
        ['{"acc": {"z": 1, "y": -0.25, "x": 0.1}, "gyro": {"x": 0.5, "y": "-3", "z": 1e-3}}'],
        ['{"data": {"acceleration": [0.1, -0.25, 1], "rotationRate": [0.5, -3, 1e-3]}, "ts": 3}'],
        ['[{"linear": [1, 2, 3], "acc": [0.1, -0.25, 1], "gyro": [0.5, -3, 1e-3]}]'],
        [f'"time_s",{HEADER}', ",".join(map(str, [3.5, *VALUES]))],
        [",".join(map(str, VALUES))],
        [",".join(map(str, [3.5, *VALUES]))],
    ],
)
def test_every_format_gives_the_same_sample(texts):
    lines = plain()
    (new,) = chunks_of(lines, texts)
    assert_array_equal(new.samples, np.array([VALUES], dtype=np.float32))
    assert new.samples.dtype == np.float32
    assert (new.first_slot, new.is_after_gap) == (0, False)
    assert lines.n_malformed == 0
    assert lines.n_lines == len(texts)


@pytest.mark.parametrize("line", ["1,2,3", "0,1,2,3", '{"acc_z": 3, "acc_y": 2, "acc_x": 1}'])
def test_a_phone_may_have_no_gyroscope(line):
    (new,) = chunks_of(plain(channels=RAW_CHANNELS[:3]), [line])
    assert new.samples.tolist() == [[1, 2, 3]]


@unhurried
@given(st.lists(st.floats(-100, 100), min_size=6, max_size=6))
def test_units_are_converted_in_double_precision_and_rounded_once(values):
    (new,) = SampleLines(acc_unit="m/s2", gyro_unit="deg/s").read(json.dumps(values))
    factors = [1 / 9.80665] * 3 + [np.pi / 180] * 3
    expected = [np.float32(value * factor) for value, factor in zip(values, factors, strict=True)]
    assert new.samples[0].tolist() == expected


@pytest.mark.parametrize("line", MALFORMED)
def test_a_malformed_line_is_counted_and_its_slot_repeats_the_sample_before(line):
    lines = plain()
    assert slots_of(lines, [numbered(1), line, numbered(2)]) == {0: 1, 1: 1, 2: 2}
    assert (lines.n_lines, lines.n_malformed, lines.n_filled, lines.n_gaps) == (3, 1, 1, 0)
    assert lines.first_malformed.startswith("line 2: ")
    assert len(lines.first_malformed) < 250


@pytest.mark.parametrize("line", ["", "  \n", "\r\n", HEADER])
def test_a_blank_line_or_a_header_takes_no_time(line):
    lines = plain()
    assert slots_of(lines, [numbered(1), line, numbered(2)]) == {0: 1, 1: 2}
    assert lines.n_malformed == 0


def test_malformed_lines_before_the_first_good_one_only_count_as_time():
    lines = plain()
    assert slots_of(lines, ["bad"] * 9 + [numbered(1)]) == {9: 1}
    assert (lines.n_malformed, lines.n_filled, lines.n_gaps) == (9, 0, 0)


@pytest.mark.parametrize(
    ("n_malformed", "filled", "gaps"), [(5, {1: 1, 2: 1, 3: 1, 4: 1, 5: 1}, 0), (6, {}, 1)]
)
def test_more_than_a_tenth_of_a_second_of_malformed_lines_is_a_gap(n_malformed, filled, gaps):
    lines = plain()
    texts = [numbered(1), *["bad"] * n_malformed, numbered(2), numbered(3)]
    assert slots_of(lines, texts) == {0: 1, **filled, n_malformed + 1: 2, n_malformed + 2: 3}
    assert (lines.n_filled, lines.n_gaps) == (len(filled), gaps)


@unhurried
@given(
    inserted=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(MALFORMED)), max_size=30),
)
def test_malformed_lines_never_shift_later_samples_in_time(inserted):
    texts = [numbered(number) for number in range(1, 41)]
    for place, line in inserted:
        texts.insert(place, line)
    lines = plain()
    # A last sample alone beyond a hole would wait for one more.
    slots = slots_of(lines, [*texts, numbered(0)])
    for place, line in enumerate(texts):
        if line not in MALFORMED:
            assert slots[place] == float(line.split(",")[0])
    assert lines.n_malformed == len(inserted)


@unhurried
@given(
    lost=st.sets(st.integers(1, 399), max_size=100),
    bad=st.sets(st.integers(1, 399), max_size=100),
    start_s=st.sampled_from([0.0, 1.7e9, -5.0]),
)
def test_with_stamps_neither_lost_nor_malformed_lines_shift_others(lost, bad, start_s):
    texts = [
        "0.02,1,2,3,x" if number in bad else stamped(number, start_s=start_s)
        for number in range(400)
        if number not in lost
    ]
    lines = plain()
    slots = slots_of(lines, [*texts, stamped(400, start_s=start_s)])
    for number in set(range(400)) - lost - bad:
        assert slots[number] == number
    assert lines.n_malformed == len(bad - lost)
    assert lines.n_dropped == 0


@pytest.mark.parametrize(("n_missing", "gaps"), [(5, []), (6, [8])])
def test_a_hole_of_more_than_a_tenth_of_a_second_is_a_gap(n_missing, gaps):
    lines = plain()
    assert gaps_of(lines, map(stamped, [0, 1, 2 + n_missing, 3 + n_missing])) == gaps
    assert lines.n_gaps == len(gaps)
    assert lines.n_filled == (0 if gaps else 5)


def test_a_gap_is_reported_once():
    assert gaps_of(plain(), map(stamped, [0, 1, 50, 51, 52])) == [50]


def test_stamps_that_repeat_or_go_back_are_dropped():
    lines = plain()
    assert slots_of(lines, map(stamped, [0, 1, 1, 0, 2])) == {0: 0, 1: 1, 2: 2}
    assert lines.n_dropped == 2


def test_one_stamp_that_jumps_ahead_is_dropped_and_shifts_nothing():
    lines = plain()
    assert slots_of(lines, map(stamped, [0, 1, 9999, 2, 3])) == {0: 0, 1: 1, 2: 2, 3: 3}
    assert (lines.n_dropped, lines.n_gaps) == (1, 0)


def test_after_a_gap_the_first_sample_comes_with_the_second():
    lines = plain()
    new = [lines.read(stamped(number)) for number in [*range(60), 110, 112]]
    assert new[-2] == []
    assert (new[-1][0].first_slot, new[-1][0].is_after_gap) == (110, True)
    assert new[-1][0].samples[:, 0].tolist() == [110, 110, 112]


def test_a_lone_sample_between_two_gaps_keeps_its_place():
    lines = plain()
    assert slots_of(lines, map(stamped, [0, 50, 100, 101])) == {0: 0, 50: 50, 100: 100, 101: 101}
    assert (lines.n_dropped, lines.n_gaps) == (0, 2)


def test_a_clock_that_restarts_is_followed_after_a_second_behind_a_gap():
    lines = plain()
    slots = slots_of(lines, map(stamped, [*range(200), *range(100)]))
    assert list(slots) == [*range(200), *range(206, 257)]
    assert [slots[slot] for slot in range(206, 257)] == list(range(49, 100))
    assert (lines.n_dropped, lines.n_gaps) == (49, 1)


def test_jitter_of_less_than_half_a_step_changes_no_slot():
    jitter_s = np.random.default_rng(0).uniform(-0.004, 0.004, size=1000)
    texts = [stamped(number, start_s=jitter_s[number]) for number in range(1000)]
    lines = plain()
    slots = slots_of(lines, texts)
    assert slots == {number: number for number in range(1000)}
    assert (lines.n_dropped, lines.n_filled) == (0, 0)


@pytest.mark.parametrize("line", [numbered(1), json.dumps(dict.fromkeys(RAW_CHANNELS, 1))])
def test_a_line_without_time_among_stamped_ones_is_malformed(line):
    lines = plain()
    assert slots_of(lines, [stamped(0), line, stamped(1)]) == {0: 0, 1: 1}
    assert "no time, unlike" in lines.first_malformed


def test_a_line_with_time_among_others_is_malformed():
    lines = plain()
    assert slots_of(lines, [numbered(0), stamped(9), numbered(2)]) == {0: 0, 1: 0, 2: 2}
    assert "a time, unlike" in lines.first_malformed


@pytest.mark.parametrize("rate_hz", [12.5, 25.0, 48.0, 52.0, 62.5, 100.0, 400.0])
def test_another_rate_is_interpolated_and_noted(rate_hz):
    lines = plain()
    times_s = np.arange(int(4 * rate_hz)) / rate_hz
    slots = slots_of(lines, [f"{time_s},{time_s},0,1,0,0,0" for time_s in times_s.tolist()])
    assert list(slots) == list(range(int(times_s[-1] * 50 + 1e-6) + 1))
    np.testing.assert_allclose(list(slots.values()), np.array(list(slots)) / 50, atol=1e-6)
    assert any(
        f"{rate_hz:.4g} Hz, interpolated to 50 Hz" in note.replace("'", "")
        or "interpolated to 50 Hz" in note
        for note in lines.notes()
    )
    assert (lines.n_dropped, lines.n_filled, lines.n_gaps) == (0, 0, 0)


def test_a_rate_that_changes_after_the_first_second_is_refused():
    lines = plain()
    with refused(DataError, "time", "samples a second", "--ignore-time"):
        for number in range(60):
            lines.read(stamped(number))
        for number in range(600):
            lines.read(stamped(number, 90, start_s=1.2))


def test_a_rate_of_no_use_is_refused():
    lines = plain()
    with refused(DataError, "found 5 samples a second"):
        for number in range(100):
            lines.read(stamped(number, 5))


@pytest.mark.parametrize("rate_hz", [49.6, 50.0, 50.4])
def test_a_rate_that_is_nearly_right_is_taken(rate_hz):
    lines = plain()
    for number in range(1000):
        lines.read(stamped(number, rate_hz))
    assert lines.n_lines == 1000


@unhurried
@given(lost=st.sets(st.integers(1, 599), max_size=200))
def test_lost_lines_are_not_another_rate(lost):
    lines = plain()
    for number in range(600):
        if number not in lost:
            lines.read(stamped(number))


@unhurried
@given(st.lists(st.one_of(st.text(), st.from_regex(r"[-\d.e,{}\[\]\":natifx_ ]+")), max_size=40))
def test_no_text_is_an_error(texts):
    lines = SampleLines()
    for text in [*texts, *MALFORMED]:
        lines.read(text)
        lines.trouble(), lines.doubt(), lines.notes()
    assert "\n" not in lines.in_words()


@pytest.mark.parametrize("time_s", ["1e308", "-1e308", "1e-320", "1e17"])
def test_absurd_times_are_no_error(time_s):
    lines = plain()
    for text in ["-1e308,1,2,3,4,5,6", f"{time_s},1,2,3,4,5,6", stamped(1)]:
        lines.read(text)
    assert lines.n_lines == 3


def doubts_of(length, **units):
    lines = plain(**units)
    doubts = []
    for _ in range(600):
        lines.read(f"0,{length},0,0,0,0")
        doubts.append(lines.doubt())
    return doubts


@pytest.mark.parametrize(
    ("length", "units", "words"),
    [
        (9.81, {}, "9.81 g, expected about 1: is it in m/s² (--acc-unit m/s2)?"),
        (0.02, {}, "0.02 g, expected about 1: is gravity in it"),
        (1.0, {"acc_unit": "m/s2"}, "0.102 g, expected about 1: is gravity in it"),
    ],
)
def test_an_implausible_acceleration_is_doubted_once_after_ten_seconds(length, units, words):
    doubts = doubts_of(length, **units)
    assert doubts[:499] == [None] * 499
    assert words in doubts[499]
    assert doubts[500:] == [None] * 100


@pytest.mark.parametrize(("length", "units"), [(1.0, {}), (1.6, {}), (9.81, {"acc_unit": "m/s2"})])
def test_a_plausible_acceleration_is_not_doubted(length, units):
    assert set(doubts_of(length, **units)) == {None}


def test_the_summary_is_one_line_with_the_first_malformed_line():
    lines = plain()
    for text in [numbered(1), "bad", numbered(2), *["worse"] * 6, numbered(3), numbered(4)]:
        lines.read(text)
    assert lines.in_words() == (
        "lines: 11, malformed: 7 "
        "(line 2: expected 6 values, or 7 with the time first, found 1: 'bad'), "
        "filled in: 1, dropped: 0, gaps: 1"
    )


def test_a_line_of_more_than_64_kib_takes_a_slot_and_is_told_of_once():
    lines = plain()
    texts = [numbered(number) for number in range(60)]
    texts[55] = texts[57] = "1," * 40_000
    samples = np.concatenate([chunk.samples for text in texts for chunk in lines.read(text)])
    assert lines.n_malformed == 2
    assert "line 56: more than 65,536 characters: '1,1," in lines.first_malformed
    assert samples[56, 0] == 56
    doubts = [doubt for doubt in iter(lines.doubt, None) if "characters" in doubt]
    assert doubts == [
        "stream: line 56 has more than 65,536 characters and is left out, as are others so long"
    ]


@pytest.mark.parametrize("jump_s", [1e6, 3e8, 1e11, -1e9])
def test_a_jump_of_years_is_a_gap_and_no_loop(jump_s):
    lines = plain()
    texts = [stamped(number) for number in range(100)]
    texts += [stamped(number, start_s=jump_s) for number in range(100, 200)]
    chunks = [chunk for text in texts for chunk in lines.read(text)]
    assert sum(len(chunk.samples) for chunk in chunks) <= 200
    assert lines.n_gaps == 1


@pytest.mark.parametrize(
    "text",
    [
        '{"a": ' * 5000 + "1" + "}" * 5000,
        '{"acc_x": ' + "9" * 4000 + ', "acc_y": 1, "acc_z": 1}',
        json.dumps({f"name {i}": 1 for i in range(2000)}),
        json.dumps({f"accelerometer {'x' * 9000} {i}": 1 for i in range(5)}),
        ",".join(f"name {i}" for i in range(5000)),
        "\x1b[31m" * 99,
        "\udcff\ufffd",
    ],
    ids=["deep", "huge", "many", "long", "heading", "escapes", "no text"],
)
def test_lines_that_would_harm_are_malformed(text):
    lines = plain()
    for number in range(60):
        lines.read(numbered(number))
        lines.read(text)
    assert lines.n_malformed == 60
    assert len(lines.first_malformed) < 300


def test_json_that_is_not_a_number_is_not_the_newest_time():
    lines = plain()
    for times in ([0.0, 0.02], [float("nan")], [0.04, 0.06]):
        n = len(times)
        batch = {"time": times} | {name: [1.0] * n for name in RAW_CHANNELS}
        lines.read(json.dumps({"batch": 1, **batch}))
    lines.finish()
    assert lines.n_samples == 4
