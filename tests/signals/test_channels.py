from __future__ import annotations

from har.signals.channels import RAW_CHANNELS, UCI_CHANNELS, triads_of, unit_of


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
