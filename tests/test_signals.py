from __future__ import annotations

import zipfile

import pytest

from har.signals import (
    HAPT_ACTIVITIES,
    RAW_CHANNELS,
    UCI_ACTIVITIES,
    UCI_CHANNELS,
    triads_of,
    unit_of,
)


def test_accelerations_are_in_g_and_angular_rates_in_radians_per_second():
    assert [unit_of(channel) for channel in RAW_CHANNELS] == 3 * ["g"] + 3 * ["rad/s"]
    assert [unit_of(channel) for channel in UCI_CHANNELS] == 3 * ["g"] + 3 * ["rad/s"] + 3 * ["g"]


def test_channels_that_differ_in_their_axis_belong_together():
    assert triads_of(UCI_CHANNELS) == {
        "body_acc": [0, 1, 2],
        "body_gyro": [3, 4, 5],
        "total_acc": [6, 7, 8],
    }
    assert triads_of(("acc_z", "heart_rate", "acc_x")) == {"acc": [0, 2], "heart_rate": [1]}


@pytest.mark.parametrize(
    ("archive", "activities"),
    [("uci-har-dataset.zip", UCI_ACTIVITIES), ("hapt.zip", HAPT_ACTIVITIES)],
)
def test_activities_are_numbered_as_published(data_root, archive, activities):
    if not (data_root / archive).is_file():
        pytest.skip(f"the real data set is not at {data_root / archive}")
    with zipfile.ZipFile(data_root / archive) as files:
        name = next(name for name in files.namelist() if name.endswith("activity_labels.txt"))
        lines = files.read(name).decode().split("\n")
    published = {int(line.split()[0]): line.split()[1] for line in lines if line.strip()}
    assert published == dict(enumerate(activities, start=1))
