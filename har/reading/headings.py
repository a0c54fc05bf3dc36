"""What a column's heading says: the names and units that phones' apps write."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Without blanks, signs and capitals.
_ACC = (
    "a|acc|gf|gforce|accel|accelerometer|acceleration|accelerometeracceleration|totalacc|totalaccel|"
    "totalacceleration|accelerationincludinggravity|accelerationwithgravity|rawacc"
)
_GYRO = (
    "g|w|gyr|gyro|gyroscope|gyrorotation|gyroscoperotation|omega|angularvelocity|angularrate|"
    "rotationrate|gyrorotationrate|motionrotationrate"
)
_LINEAR = (
    "useracc|useraccel|useracceleration|motionuseracceleration|linacc|linearacc|linearaccel|"
    "linearacceleration|linearaccelerometer|bodyacc|lacc"
)
_ACC_UNIT, _GYRO_UNIT = "g|mg|ms2|mps2|mss", "rads|rps|degs|dps"
_CHANNELS = {
    "acc": re.compile(rf"({_ACC})(?P<axis>[xyz])(?P<unit>{_ACC_UNIT})?"),
    "gyro": re.compile(rf"({_GYRO})(?P<axis>[xyz])(?P<unit>{_GYRO_UNIT})?"),
    "linear": re.compile(rf"({_LINEAR})(?P<axis>[xyz])(?P<unit>{_ACC_UNIT})?"),
}
# With an underline for whatever parts words: the s of time_s is a unit, that of ts is none.
_TIME = re.compile(
    r"(?:(?:sample|logging|sensor|elapsed|relative|unix|epoch)_?)?"
    r"(?:time|times|time_?stamp|date_?time|t|ts|elapsed|unix|epoch|(?P<whole>milliseconds|seconds))"
    r"(?:_?elapsed|_since_start)?(?:_(?P<unit>s|sec|seconds|ms|us|µs|ns))?"
)


@dataclass(frozen=True)
class Heading:
    """A heading, taken apart.

    Parameters
    ----------
    text : str
        The whole of it.
    role : str or None
        ``"time"``, a channel such as ``"acc_x"``, or ``"linear_x"`` for acceleration without
        gravity; None for anything else.
    unit : str or None
        As written.
    """

    text: str
    role: str | None
    unit: str | None


def read_heading(text: str) -> Heading:
    """Take a heading apart.

    Parameters
    ----------
    text : str
        For example ``"Acceleration x (m/s^2)"``, ``"gyroX"`` or ``"timestamp_ms"``.

    Returns
    -------
    Heading
    """
    bracket = re.search(r"[(\[](.*?)[)\]]", text)
    in_bracket = bracket[1].strip() if bracket else None
    bare = re.sub(r"[(\[].*?[)\]]", "", text).strip().lower()
    if time := _TIME.fullmatch(re.sub(r"[\s\-.]+", "_", bare)):
        return Heading(text, "time", in_bracket or time["unit"] or time["whole"])
    letters = re.sub(r"[^a-z0-9]", "", bare)
    for sensor, pattern in _CHANNELS.items():
        if channel := pattern.fullmatch(letters):
            return Heading(text, f"{sensor}_{channel['axis']}", in_bracket or channel["unit"])
    return Heading(text, None, in_bracket)
