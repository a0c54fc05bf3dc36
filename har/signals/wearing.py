"""How the phone of a recording is worn: where gravity points while the person moves about.

Who lies has gravity elsewhere, but hardly anybody walks lying. So gravity is measured in *lively
seconds*: the length of the acceleration varies as in walking, for some seconds on end, while the
phone keeps its direction. In 60 of the 61 recordings of HAPT there are more than 100, and their
gravity points 32.5° away from x at most; in trouser pockets it is 50 to 130°.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from har.arrays import BoolArray, FloatArray, IntArray, blocks_of
from har.config import Upright
from har.errors import DataError
from har.signals.channels import SAMPLE_RATE_HZ
from har.signals.orientation import (
    AXES,
    OPPOSITE_DEGREES,
    Direction,
    Turn,
    angles_degrees,
    axis_turn,
    nearest_axis,
    turns_to,
)
from har.signals.recording import Recording, Stretch
from har.signals.windows import Windows

BLOCK_SAMPLES = round(SAMPLE_RATE_HZ)
# Standard deviation of the acceleration's length over a second, in g. Of HAPT's seconds of walking
# 99 % have more, of those of sitting, standing and lying 99 % less than half of it.
LIVELY_G = 0.1
# From a second to the next, gravity turns by 9.2° at most in 95 % of HAPT's lively seconds.
STEADY_DEGREES = 20.0
SHORTEST_RUN_S = 3
_WITH_GRAVITY = ("total_acc_x", "total_acc_y", "total_acc_z")
DOUBT_DEGREES = 45.0

# So much of a recording must be lively, within these bounds in seconds.
_NEEDED_SHARE = 0.02
_NEEDED_S = (SHORTEST_RUN_S, 60)
# A turn in the middle must last for so many lively seconds: people handle their phones.
_GROUP_S = 20
_BLOCKS_AT_ONCE = 2000
_CLEAR_DEGREES = 30.0
# A mean acceleration below it has no direction to speak of.
_SMALLEST_G = 0.1

TOO_STILL = (
    "there are too few seconds of lively movement to tell how the phone is worn; "
    "--upright x, -x, y, -y, z or -z says it"
)


@dataclass(frozen=True)
class WornPart:
    """Part of a recording in which the phone is worn in one way.

    Parameters
    ----------
    first_sample, n_samples : int
        Samples of the part.
    gravity : ndarray of float64, shape (3,)
        Direction of gravity in its lively seconds, of length 1.
    n_lively : int
        Number of lively seconds.
    """

    first_sample: int
    n_samples: int
    gravity: FloatArray
    n_lively: int


# Choice among turns for a recording.
ChooseTurn = Callable[[Recording, Sequence[Turn]], Turn]


def shortest_of(_recording: Recording, turns: Sequence[Turn]) -> Turn:
    """Return the shortest turn, the first."""
    return turns[0]


def is_lively(means: FloatArray, deviations: FloatArray) -> BoolArray:
    """Return which seconds are lively.

    Parameters
    ----------
    means : ndarray, shape (n_seconds, 3)
        Mean acceleration of each second, in g.
    deviations : ndarray, shape (n_seconds,)
        Standard deviation of the length of the acceleration in each second, in g.

    Returns
    -------
    ndarray of bool, shape (n_seconds,)
    """
    moves: BoolArray = (deviations > LIVELY_G) & (np.linalg.norm(means, axis=1) > _SMALLEST_G)
    if not moves.any():
        return moves
    goes_on = moves[1:] & moves[:-1] & (angles_degrees(means[1:], means[:-1]) < STEADY_DEGREES)
    runs = np.concatenate([[0], np.cumsum(~goes_on)])
    lengths = np.bincount(runs, weights=moves)
    is_long: BoolArray = lengths[runs] >= SHORTEST_RUN_S
    return np.logical_and(moves, is_long)


def gravity_of(means: FloatArray) -> FloatArray:
    """Return the direction of gravity in lively seconds, shape (3,), of length 1.

    It is the median of each axis, which a few seconds with the phone in a hand do not move.
    """
    median = np.asarray(np.median(means, axis=0))
    return median / max(float(np.linalg.norm(median)), _SMALLEST_G)


def lively_windows(signals: FloatArray, channels: Sequence[str]) -> BoolArray:
    """Return which windows are lively, shape (n_windows,), by their acceleration with gravity.

    Parameters
    ----------
    signals : ndarray, shape (n_windows, n_timesteps, n_channels)
        Windows in g and rad/s.
    channels : sequence of str
        Names of their channels, ``total_acc_x`` and so on among them.

    Returns
    -------
    ndarray of bool, shape (n_windows,)
    """
    return np.asarray(np.linalg.norm(_total_acc(signals, channels), axis=2).std(axis=1) > LIVELY_G)


def _total_acc(signals: FloatArray, channels: Sequence[str]) -> FloatArray:
    return signals[:, :, [list(channels).index(name) for name in _WITH_GRAVITY]]


def gravity_in_training(windows: Windows) -> Direction | None:
    """Return where gravity points in the lively windows of a training.

    Parameters
    ----------
    windows : Windows
        Training windows.

    Returns
    -------
    tuple of float or None
        Direction along x, y and z, of length 1; None if no window has gravity in it and is lively,
        or the phones were worn in many ways, so that there is no one direction.
    """
    if not set(_WITH_GRAVITY) <= set(windows.channels):
        return None
    means = np.concatenate(
        [_gravity_of_lively(block, windows.channels) for block in blocks_of(windows.signals)]
    )
    if not len(means):
        return None
    directions = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    mean = directions.mean(axis=0)
    length = float(np.linalg.norm(mean))
    if length < np.cos(np.radians(DOUBT_DEGREES)):
        return None
    x, y, z = (mean / length).tolist()
    return round(x, 4), round(y, 4), round(z, 4)


def _gravity_of_lively(signals: FloatArray, channels: Sequence[str]) -> FloatArray:
    """Return the mean acceleration of each lively window; shape (n_lively, 3)."""
    lively = signals[lively_windows(signals, channels)]
    return np.asarray(_total_acc(lively, channels).mean(axis=1))


def worn_parts(recording: Recording) -> tuple[WornPart, ...]:
    """Find the parts of a recording in which the phone is worn in one way.

    Parameters
    ----------
    recording : Recording
        Raw signals at 50 Hz.

    Returns
    -------
    tuple of WornPart
        Parts in order, which cover all samples, more than one if gravity in lively seconds turned
        by more than 45° and stayed so; none if there are too few lively seconds to say.
    """
    means, deviations = _moments(recording.samples[:, :3])
    lively = np.flatnonzero(is_lively(means, deviations))
    n_needed = np.clip(_NEEDED_SHARE * len(means), *_NEEDED_S)
    if len(lively) < n_needed:
        return ()
    of_parts = _by_direction(lively, means)
    starts = [0, *(_boundary(a[-1], b[0], means) for a, b in pairwise(of_parts))]
    bounds = [*(BLOCK_SAMPLES * start for start in starts), len(recording)]
    return tuple(
        WornPart(first, end - first, gravity_of(means[seconds]), len(seconds))
        for (first, end), seconds in zip(pairwise(bounds), of_parts, strict=True)
    )


def _moments(acc: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each second's mean and the deviation of its length; an incomplete last one is left."""
    n_blocks = len(acc) // BLOCK_SAMPLES
    means, deviations = np.empty((n_blocks, 3)), np.empty(n_blocks)
    for first in range(0, n_blocks, _BLOCKS_AT_ONCE):
        here = slice(first, min(first + _BLOCKS_AT_ONCE, n_blocks))
        rows = acc[here.start * BLOCK_SAMPLES : here.stop * BLOCK_SAMPLES].astype(np.float64)
        blocks = rows.reshape(-1, BLOCK_SAMPLES, 3)
        means[here] = blocks.mean(axis=1)
        deviations[here] = np.linalg.norm(blocks, axis=2).std(axis=1)
    return means, deviations


def _by_direction(lively: IntArray, means: FloatArray) -> list[IntArray]:
    """Split lively seconds where gravity turns, and stays turned for `_GROUP_S` of them."""
    groups = np.array_split(lively, max(1, len(lively) // _GROUP_S))
    parts = [groups[0]]
    for group in groups[1:]:
        before, after = gravity_of(means[parts[-1]]), gravity_of(means[group])
        if angles_degrees(before, after) <= DOUBT_DEGREES:
            parts[-1] = np.concatenate([parts[-1], group])
            continue
        near = np.concatenate([parts[-1][-_GROUP_S:], group])
        is_after = angles_degrees(means[near], after) < angles_degrees(means[near], before)
        # The split that leaves fewest seconds on the wrong side.
        n_wrong = np.cumsum(np.concatenate([[0], np.where(is_after, 1, -1)]))
        n_kept = len(parts[-1][:-_GROUP_S]) + int(n_wrong.argmin())
        both = np.concatenate([parts[-1], group])
        is_short = min(n_kept, len(both) - n_kept) < _GROUP_S
        parts[-1:] = [both] if is_short else [both[:n_kept], both[n_kept:]]
    return parts


def _boundary(last: int, first: int, means: FloatArray) -> int:
    """Return the second before which the phone turned most, between two lively ones."""
    seconds = np.arange(last + 1, first + 1)
    before, after = means[seconds - 1], means[np.minimum(seconds + 1, len(means) - 1)]
    # Over two seconds, as a turn takes its time; of equals, the one that has begun to turn.
    turning = angles_degrees(before, after) + angles_degrees(before, means[seconds]) / 2
    return int(seconds[turning.argmax()])


def wearing_doubts(recording: Recording, in_training: Direction | None) -> Iterator[str]:
    """Describe how the phone is worn where that differs from the training.

    Parameters
    ----------
    recording : Recording
        Raw signals at 50 Hz.
    in_training : tuple of float or None
        Result of `gravity_in_training`; None: nothing is known, and nothing is doubted.

    Yields
    ------
    str
        A line for each part of the recording that is worn otherwise, with its cure.
    """
    if in_training is None:
        return
    parts = worn_parts(recording)
    for part in parts:
        if doubt := doubt_of(part.gravity, part.n_lively, in_training):
            if len(parts) == 1:
                yield doubt
            else:
                start_s, end_s = (
                    _time_of(recording, sample)
                    for sample in (part.first_sample, part.first_sample + part.n_samples)
                )
                yield f"from {start_s:.0f} to {end_s:.0f} s, {doubt}"


def windows_doubt(windows: Windows, in_training: Direction | None) -> str | None:
    """Describe how the phone is worn in windows, if that differs from the training.

    Parameters
    ----------
    windows : Windows
        Windows that overlap by half.
    in_training : tuple of float or None
        Result of `gravity_in_training`; None: nothing is known, and nothing is doubted.

    Returns
    -------
    str or None
        Line with its cure; None without doubt, or if too few windows are lively to say.
    """
    if in_training is None or not set(_WITH_GRAVITY) <= set(windows.channels) or not len(windows):
        return None
    blocks = blocks_of(windows.signals)
    means = np.concatenate([_gravity_of_lively(block, windows.channels) for block in blocks])
    lively_s = round(len(means) * windows.n_timesteps / 2 / windows.rate_hz)
    if lively_s < _NEEDED_S[0]:
        return None
    return doubt_of(gravity_of(means), lively_s, in_training)


def doubt_of(gravity: FloatArray, n_lively: int, in_training: Direction) -> str | None:
    """Return the doubt about how a phone is worn, with its cure; None if there is none.

    Parameters
    ----------
    gravity : ndarray, shape (3,)
        Direction of gravity in lively seconds.
    n_lively : int
        Number of them.
    in_training : tuple of float
        Direction of gravity in training.

    Returns
    -------
    str or None
    """
    angle = float(angles_degrees(gravity, in_training))
    if angle <= DOUBT_DEGREES:
        return None
    axis = nearest_axis(gravity)
    is_clear = angles_degrees(gravity, AXES[axis]) < _CLEAR_DEGREES
    # Opposite, a half turn may be about two axes, or the signs may be reversed.
    is_clear &= angle <= OPPOSITE_DEGREES
    cure = f"--upright {axis}, or --upright auto," if is_clear else "--upright auto"
    reason = ""
    if angle > OPPOSITE_DEGREES:
        reason = " (it is upside down, or the signs of acceleration are reversed, as Apple's are)"
    return (
        f"the phone is worn otherwise than in training{reason}: in {n_lively} s of lively movement "
        f"gravity points along {axis}, {angle:.0f}° from where it did; {cure} turns it"
    )


def _time_of(recording: Recording, sample: int) -> float:
    """Return the time of a sample, or of the end, in seconds from the recording's first."""
    stretch = next(s for s in reversed(recording.stretches) if s.first_sample <= sample)
    return stretch.start_s + (sample - stretch.first_sample) / recording.rate_hz


def made_upright(
    recording: Recording,
    upright: Upright,
    in_training: Direction | None,
    choose: ChooseTurn = shortest_of,
) -> Recording:
    """Turn a recording so that gravity points as in training.

    Parameters
    ----------
    recording : Recording
        Raw signals at 50 Hz.
    upright : {"x", "-x", "y", "-y", "z", "-z", "auto"}
        Axis of the phone that points up, which reads +1 g, while the person stands; ``auto``: as
        lively seconds show, each part of the recording apart if the phone was turned in it.
    in_training : tuple of float or None
        Result of `gravity_in_training`.
    choose : callable
        Choice among the turns of ``auto``, see `har.signals.orientation.turns_to`, for a part of
        the recording; by default the shortest.

    Returns
    -------
    Recording
        Both sensors turned, and a note of it. Where ``auto`` finds too few lively seconds, the same
        samples, and a note of that. A stretch ends where the phone was turned.

    Raises
    ------
    DataError
        If nothing is known of the direction in training.
    """
    if in_training is None:
        raise no_direction(recording.source, upright)
    if upright != "auto":
        turn = axis_turn(upright, in_training)
        samples, note = turn.of(recording.samples, recording.channels), axis_note(upright, turn)
        return replace(recording, samples=samples, notes=(*recording.notes, note))
    parts = worn_parts(recording)
    if not parts:
        note = f"upright: left as it is, since {TOO_STILL}"
        return replace(recording, notes=(*recording.notes, note))
    samples = np.empty_like(recording.samples)
    notes, stretches = list(recording.notes), recording.stretches
    for part in parts:
        of_part = _cut(recording, part)
        turn = choose(of_part, turns_to(part.gravity, in_training))
        rows = slice(part.first_sample, part.first_sample + part.n_samples)
        samples[rows] = turn.of(of_part.samples, recording.channels)
        since = f"from {of_part.stretches[0].start_s:.0f} s on " if len(parts) > 1 else ""
        notes.append(f"upright: {since}{auto_note(turn, part.n_lively)}")
        stretches = _split(stretches, part.first_sample, recording.rate_hz)
    if len(parts) > 1:
        notes.append(
            f"upright: the phone was turned {len(parts) - 1} times; the moment is a guess between "
            "lively movements before and after: where gravity turned fastest"
        )
    return replace(recording, samples=samples, notes=tuple(notes), stretches=stretches)


def axis_note(upright: Upright, turn: Turn) -> str:
    """Describe the turn of an axis that the user names."""
    return f"upright: {upright} taken to point up; {turn.in_words()} in both sensors"


def auto_note(turn: Turn, n_lively: int) -> str:
    """Describe the turn that lively seconds asked for."""
    return (
        f"{turn.in_words()} in both sensors, which brings gravity in {n_lively} s of lively "
        "movement to where it pointed in training"
    )


def no_direction(place: str, upright: Upright) -> DataError:
    """Return the error that a run knows no direction of gravity."""
    return DataError(
        f"{place}: found --upright {upright}, expected a run whose training shows where gravity "
        "points: one with windows of people who walk, phones worn alike"
    )


def _cut(recording: Recording, part: WornPart) -> Recording:
    """Return a part as a recording of its own."""
    first, end = part.first_sample, part.first_sample + part.n_samples
    stretches = _split(
        _split(recording.stretches, first, recording.rate_hz), end, recording.rate_hz
    )
    own = tuple(
        replace(stretch, first_sample=stretch.first_sample - first)
        for stretch in stretches
        if first <= stretch.first_sample < end
    )
    return replace(recording, samples=recording.samples[first:end], stretches=own)


def _split(stretches: Sequence[Stretch], sample: int, rate_hz: float) -> tuple[Stretch, ...]:
    """Let a stretch end before a sample, and another begin there."""
    parts: list[Stretch] = []
    for stretch in stretches:
        n_before = sample - stretch.first_sample
        if 0 < n_before < stretch.n_samples:
            parts.append(replace(stretch, n_samples=n_before))
            start_s = stretch.start_s + n_before / rate_hz
            parts.append(Stretch(sample, stretch.n_samples - n_before, start_s))
        else:
            parts.append(stretch)
    return tuple(parts)
