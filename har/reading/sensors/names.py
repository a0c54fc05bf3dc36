"""Names of sensors: what a heading, a file's name or a word in a row says of the sensor.

Acceleration comes in three kinds: with gravity, as sensors measure it (``acc``); without
(``linear``); and gravity alone (``gravity``), which systems compute. The sum of the last two is the
first.

Signs. At rest an accelerometer measures +1 g along the axis that points up: so does Android's
(https://source.android.com/docs/core/interaction/sensors/sensor-types), and so do UCI HAR and HAPT.
Apple's Core Motion gives all three signs the other way round, for acceleration, gravity and user
acceleration alike, and angular rates as Android does. SensorLog on iOS writes Apple's values;
phyphox converts them (``kG = -9.81`` in its ExperimentSensorInput.swift); Sensor Logger converts
them where "Standardise Units & Frames" is on, which is off at first and kept in the column
``standardisation`` of its Metadata.csv
(https://github.com/tszheichoi/awesome-sensor-logger/blob/main/CROSSPLATFORM.md). Apple's own word
for acceleration without gravity, user acceleration, gives away what comes from Core Motion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from har.errors import DataError
from har.reading.units import acc_unit_named, gyro_unit_named

_ACC_UNITS, _GYRO_UNITS = "g|mg|ms2|mps2|mss", "rads|rps|degs|dps|mdps"
# Names without blanks, signs and capitals that are whole headings, but for the axis.
_WHOLE = {
    "acc": (
        "a|acc|gf|gforce|accel|accelerometer|acceleration|accelerometeracceleration|totalacc|"
        "totalaccel|totalacceleration|accelerationincludinggravity|accelerationwithgravity|rawacc"
    ),
    "gyro": (
        "g|w|gyr|gyro|gyroscope|gyrorotation|gyroscoperotation|omega|angularvelocity|angularrate|"
        "rotationrate|gyrorotationrate|motionrotationrate"
    ),
    "linear": (
        "useracc|useraccel|useracceleration|motionuseracceleration|linacc|linearacc|linearaccel|"
        "linearacceleration|linearaccelerometer|bodyacc|lacc|lin"
    ),
    "gravity": "gravity|grav|grv|motiongravity",
}
_WHOLE_HEADINGS = {
    sensor: re.compile(
        rf"(?P<word>{words})(?P<axis>[xyz])"
        rf"(?P<unit>{_GYRO_UNITS if sensor == 'gyro' else _ACC_UNITS})?"
    )
    for sensor, words in _WHOLE.items()
}

_ACC = frozenset("acc accel accl accelero accelerometer acceleration gforce force gf".split())
_GYRO = frozenset("gyr gyro gyros gyroscope omega angularvelocity rotationrate".split())
_GYRO_PAIR = re.compile(r"(angular|rotation|rotational|ang) (velocity|rate|speed|vel)")
_LINEAR = frozenset("linear lin user body free dmu".split())
_GRAVITY = frozenset("gravity grav grv".split())
_WITHOUT = re.compile(r"(without|no|minus|excluding|excl) (g|gravity|grav)")
_WITH = re.compile(r"(with|including|incl) (g|gravity|grav)|gravity included|total")
# Letters that stand for a sensor right before an axis.
_LETTERS = {"a": "acc", "g": "gyro", "w": "gyro"}
# What is computed from signals, or of another sensor, whatever else the name says.
_OTHER = frozenset(
    "mag magn magnet magnetic magnetometer compass orientation quat quaternion euler angle angles "
    "attitude pitch roll yaw tilt bias offset drift mean avg average std var max min median jerk "
    "norm magnitude abs rms fft energy temp temperature world earth global north pressure "
    "filtered smoothed lowpass highpass accuracy status label delta diff".split()
)
# Words that neither name a device nor tell one sensor from another.
_FILLING = (
    _ACC
    | _GYRO
    | _LINEAR
    | _GRAVITY
    | frozenset(
        "axis sensor data value values val signal cal calibrated in g with without including no "
        "total android angular rotation rotational rate velocity speed ang vel raw uncal "
        "uncalibrated motion dm".split()
    )
)
# What is computed, or not yet corrected, comes second where both are there.
_SECOND = frozenset("raw uncal uncalibrated motion dm".split())

_BARE_AXIS = re.compile(
    r"(?:(?:axis|value|values|val|data) )?(?P<axis>[xyz])(?: (?:axis|value|val|data))?"
)
_CORE_MOTION = re.compile(
    r"((motion)?user_?acc(el|eleration)?|accelerometeracceleration|motiongravity|dmgrv|dmuaccel)"
    r"[xyz]g?"
)

# https://developer.android.com/reference/android/hardware/Sensor
ANDROID_TYPES = {1: "acc", 4: "gyro", 9: "gravity", 10: "linear"}


@dataclass(frozen=True)
class SensorName:
    """A name that stands for a sensor, or for one axis of it.

    Parameters
    ----------
    sensor : {"acc", "gyro", "linear", "gravity", "axis"}
        Kind of sensor; ``"axis"`` for an axis without a sensor.
    axis : {"x", "y", "z", ""}
        Axis; empty if the name has none.
    unit : str or None
        Unit as written, if it stands in the name.
    group : str
        Words that name a device or a place.
    is_second : bool
        True for what is taken only where there is nothing else of its kind.
    """

    sensor: str
    axis: str = ""
    unit: str | None = None
    group: str = ""
    is_second: bool = False


def words_of(text: str) -> list[str]:
    """Split a name into words without capitals and signs."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    words = re.findall(r"[a-z]+[0-9]*[a-z0-9]*|[0-9]+[a-z0-9]*", parted.lower())
    # accelerometeruncalibrated
    return [part for word in words for part in re.split(r"(?<=[a-z])(?=uncalibrated$)", word)]


def axis_named(text: str) -> SensorName | None:
    """Read the name of one axis of a sensor.

    Parameters
    ----------
    text : str
        Heading without its bracket, such as ``"Accelerometer X"``, ``"gyroX"``,
        ``"Shimmer_AD5E_Accel_LN_X_CAL"`` or ``"acceleration_m/s^2_x"``.

    Returns
    -------
    SensorName or None
        None if it names no axis, or nothing that a sensor of movement measures.
    """
    letters = re.sub(r"[^a-z0-9]", "", text.lower())
    for sensor, pattern in _WHOLE_HEADINGS.items():
        if whole := pattern.fullmatch(letters):
            is_second = whole["word"].startswith(("motion", "raw"))
            return SensorName(sensor, whole["axis"], whole["unit"], "", is_second)
    words = words_of(text)
    if bare := _BARE_AXIS.fullmatch(" ".join(words)):
        return SensorName("axis", bare["axis"])
    place = _axis_place(words)
    if place is None:
        return None
    stem = [words[place][:-1]] if len(words[place]) > 1 else []
    before, after = [*words[:place], *stem], words[place + 1 :]
    sensor_here = _sensor_in([*before, *after]) or _LETTERS.get(before[-1] if before else "")
    if sensor_here is None or _OTHER & {*before, *after}:
        return None
    unit, rest = _unit_among(before, after, sensor_here)
    return SensorName(sensor_here, words[place][-1], unit, _group(rest), _is_second(rest))


def sensor_named(text: str) -> SensorName | None:
    """Read the name of a sensor, as files and rows have it.

    Parameters
    ----------
    text : str
        Name such as ``"Linear Acceleration"``, ``"gyr"`` or ``"android.sensor.gyroscope"``.

    Returns
    -------
    SensorName or None
        None if it names no sensor of movement.
    """
    words = words_of(text)
    sensor = None if _OTHER & set(words) else _sensor_in(words)
    if sensor is None and len(letters := "".join(words)) > 1:
        # linearacceleration
        sensor = next((s for s, whole in _WHOLE.items() if re.fullmatch(whole, letters)), None)
    if sensor is None:
        return None
    return SensorName(sensor, group=_group(words), is_second=_is_second(words))


def is_of_another_device(text: str) -> bool:
    """Return whether a name is of a watch or of headphones, which apps record beside a phone."""
    return re.search("wrist|watch|headphone|airpod|earbud", text.lower()) is not None


def is_of_core_motion(text: str) -> bool:
    """Return whether a heading is one of Apple's Core Motion, or of SensorLog on iOS."""
    return bool(_CORE_MOTION.fullmatch(re.sub(r"[^a-z0-9]", "", text.lower())))


def _axis_place(words: list[str]) -> int | None:
    """Return the place of the only axis: a word of its own, or the end of a sensor's name."""
    places = [i for i, word in enumerate(words) if word in {"x", "y", "z"}]
    if not places:
        stems = _ACC | _GYRO | _GRAVITY | _LETTERS.keys()
        places = [i for i, word in enumerate(words) if word[-1] in "xyz" and word[:-1] in stems]
    return places[0] if len(places) == 1 else None


def _sensor_in(words: list[str]) -> str | None:
    """Find the kind of sensor that words name together."""
    found, text = set(words), " ".join(words)
    if found & _GYRO or _GYRO_PAIR.search(text):
        return "gyro"
    if found & _ACC:
        if _WITHOUT.search(text):
            return "linear"
        if _WITH.search(text):
            return "acc"
        return "gravity" if found & _GRAVITY else "linear" if found & _LINEAR else "acc"
    return "gravity" if found & _GRAVITY else None


def _group(words: list[str]) -> str:
    return " ".join(word for word in words if word not in _FILLING and word not in _LETTERS)


def _is_second(words: list[str]) -> bool:
    return bool(_SECOND & set(words))


def _unit_among(before: list[str], after: list[str], sensor: str) -> tuple[str | None, list[str]]:
    """Find a unit behind or right before the axis, and return the other words."""
    unit_named = gyro_unit_named if sensor == "gyro" else acc_unit_named
    for words, others in ((after, before), (before, after)):
        for n_words in range(min(len(words), 3), 0, -1):
            unit = "".join(words[-n_words:])
            # A lone g before the axis stands for the sensor.
            if words is before and len(unit) == 1:
                continue
            try:
                unit_named(unit, "")
            except DataError:
                continue
            return unit, [*others, *words[:-n_words]]
    return None, [*before, *after]
