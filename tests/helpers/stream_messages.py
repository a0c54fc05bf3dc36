"""Live streams of one movement, as apps write them, sensors with clocks of their own.

All values are straight lines in time, which interpolation keeps.
"""

from __future__ import annotations

import json

import numpy as np

EPOCH_NS = 1_700_000_000_000_000_000
G = 9.80665
SENSORS = ("acc", "linear", "gravity", "gyro")


def value_of(sensor, seconds):
    """Give a sensor's axes in g or rad/s at a time or times."""
    seconds = np.asarray(seconds)[..., None]
    slopes = {
        "acc": ([0.1, -0.2, 0.9], [0.01, 0.02, -0.01]),
        "gravity": ([0.1, -0.3, 0.95], [0.005, 0.02, -0.01]),
        "linear": ([0.0, 0.1, -0.05], [0.005, 0.0, 0.0]),
        "gyro": ([0.5, -0.1, 0.2], [0.01, -0.02, 0.03]),
    }
    start, slope = slopes[sensor]
    return np.array(start) + np.array(slope) * seconds


def events(rates_hz, length_s=4.0, starts_s=None):
    """Yield sensor, seconds and values of each sensor's readings, in order of time."""
    found = []
    for sensor, rate_hz in rates_hz.items():
        start_s = (starts_s or {}).get(sensor, 0.0)
        times_s = start_s + np.arange(int((length_s - start_s) * rate_hz) + 1) / rate_hz
        found += [(time_s, sensor, value_of(sensor, time_s)) for time_s in times_s.tolist()]
    for time_s, sensor, values in sorted(found, key=lambda event: event[:2]):
        yield sensor, time_s, values


def _xyz(values):
    return dict(zip("xyz", values.tolist(), strict=True))


def sensor_logger(names, batch_s=0.5, **options):
    """Make messages of Sensor Logger's HTTP push; `names` are those of the sensors in rates."""
    rates_hz = options.pop("rates_hz")
    batches: dict[int, list] = {}
    for sensor, time_s, values in events(rates_hz, **options):
        factor = 1 if sensor == "gyro" else G
        batches.setdefault(int(time_s / batch_s), []).append(
            {
                "name": names[sensor],
                "time": EPOCH_NS + round(time_s * 1e9),
                "values": _xyz(values * factor),
                "accuracy": 3,
            }
        )
    location = {"name": "location", "time": EPOCH_NS, "values": {"latitude": 51.5, "speed": 0}}
    return [
        json.dumps(
            {
                "messageId": number,
                "sessionId": "s",
                "deviceId": "d",
                "payload": [location, *batch],
            }
        )
        for number, batch in enumerate(batches.values())
    ]


def phyphox(rates_hz, batch_s=0.3, is_full=False, with_time=True, **options):
    """Make responses of phyphox's /get, with all values or those since the response before."""
    found = list(events(rates_hz, **options))
    last_s = max(time_s for _, time_s, _ in found)
    lines = []
    for end_s in np.arange(batch_s, last_s + 2 * batch_s, batch_s):
        begin_s = -1.0 if is_full else end_s - batch_s
        buffers: dict[str, list] = {}
        for sensor, name in (("acc", "acc"), ("gyro", "gyr")):
            part = [(t, v) for s, t, v in found if s == sensor and begin_s <= t < end_s]
            factor = 1 if sensor == "gyro" else G
            for axis, letter in enumerate("XYZ"):
                buffers[f"{name}{letter}"] = [float(v[axis] * factor) for _, v in part]
            if with_time:
                buffers[f"{name}_time"] = [t for t, _ in part]
        wrapped = {
            name: {"size": 0, "updateMode": "partial", "buffer": values}
            for name, values in buffers.items()
        }
        status = {"session": "ab", "measuring": True, "timedRun": False, "countDown": 0}
        lines.append(json.dumps({"buffer": wrapped, "status": status}))
    return lines


def sensor_server(rates_hz, **options):
    """Make messages of SensorServer: one for each reading, nanoseconds since boot."""
    types = {"acc": "accelerometer", "gyro": "gyroscope"}
    return [
        json.dumps(
            {
                "type": f"android.sensor.{types[sensor]}",
                "accuracy": 2,
                "timestamp": 3_925_657_519_043_709 + round(time_s * 1e9),
                "values": (values * (1 if sensor == "gyro" else G)).tolist(),
            }
        )
        for sensor, time_s, values in events(rates_hz, **options)
    ]


def event_rows(rates_hz, **options):
    """Make CSV with a row for each reading, milliseconds since 1970."""
    names = {"acc": "Accelerometer", "gyro": "Gyroscope"}
    rows = [
        f"{names[sensor]},{EPOCH_NS // 10**6 + round(time_s * 1e3)},"
        + ",".join(map(str, values.tolist()))
        for sensor, time_s, values in events(rates_hz, **options)
    ]
    return ["sensor,timestamp,x,y,z", *rows]
