"""Sensors with clocks of their own, or at another rate: values at each slot of 20 ms."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from har.reading.streams.readings import Sensor
from har.reading.streams.slots import LONGEST_HOLE
from har.signals.channels import SAMPLE_RATE_HZ

# A sensor that stands still while another goes on must not fill the memory.
_LONGEST_QUEUE = 5000
_LONG_QUEUE = 1000
# All stamps being late for so many readings, the sender's clock has restarted.
_LATE_READINGS = 50

_Point = tuple[float, list[float]]


class SlotInterpolation:
    """Interpolates the readings of each sensor linearly between the two next to a slot.

    A slot is ready when every sensor has a reading at its time or later: the delay is one step of
    the slowest sensor, or what its sender waits. A slot in a hole of more than 0.1 s is left out. A
    reading that jumps ahead for one line is dropped.

    Parameters
    ----------
    sensors : sequence of Sensor
        Sensors that a sample needs.
    """

    def __init__(self, sensors: Sequence[Sensor]) -> None:
        self._queues: dict[Sensor, deque[_Point]] = {sensor: deque() for sensor in sensors}
        self._next_slot: int | None = None
        self._n_late = dict.fromkeys(self._queues, 0)
        self._n_dropped = dict.fromkeys(self._queues, 0)

    @property
    def n_dropped(self) -> int:
        """Number of readings of a sensor whose stamps repeat, go back, or jumped ahead."""
        return max(self._n_dropped.values())

    @property
    def waits_for(self) -> Sensor | None:
        """A sensor without readings while many of another wait for it."""
        queues = self._queues
        if max(map(len, queues.values())) < _LONG_QUEUE:
            return None
        return min(queues, key=lambda sensor: len(queues[sensor]))

    def add(self, sensor: Sensor, time: float, values: list[float]) -> None:
        """Add a reading.

        Parameters
        ----------
        sensor : Sensor
            One of `sensors`.
        time : float
            Time in steps of 20 ms.
        values : list of float
            Its three axes.
        """
        queue = self._queues[sensor]
        if len(queue) > 1 and queue[-1][0] - queue[-2][0] > LONGEST_HOLE + 1:
            if queue[-2][0] < time <= queue[-1][0]:
                queue.pop()
                self._n_dropped[sensor] += 1
        if queue and time <= queue[-1][0]:
            self._n_dropped[sensor] += 1
            self._n_late[sensor] += 1
            if self._n_late[sensor] < _LATE_READINGS:
                return
            for other in self._queues.values():
                other.clear()
            self._next_slot = None
        self._n_late[sensor] = 0
        queue.append((time, values))
        if len(queue) > _LONGEST_QUEUE:
            queue.popleft()
            self._n_dropped[sensor] += 1

    def ready(self) -> list[tuple[int, list[float]]]:
        """Return the slots that are ready.

        Returns
        -------
        list of tuple
            Slot, and the values of all sensors one after the other.
        """
        queues = list(self._queues.values())
        found: list[tuple[int, list[float]]] = []
        while all(queues):
            slot = max(math.ceil(queue[0][0]) for queue in queues)
            if self._next_slot is not None:
                slot = max(slot, self._next_slot)
            values: list[float] = []
            for queue in queues:
                at = _value_at(queue, slot)
                if at is None:
                    break
                values += at
            else:
                found.append((slot, values))
                self._next_slot = slot + 1
                continue
            if not self._skips_hole(queues, slot):
                break
        return found

    def _skips_hole(self, queues: list[deque[_Point]], slot: int) -> bool:
        """Go on behind a hole, once a second reading confirms its end."""
        for queue in queues:
            is_hole = len(queue) > 2 and queue[1][0] - queue[0][0] > LONGEST_HOLE + 1
            if is_hole and queue[0][0] < slot < queue[1][0]:
                queue.popleft()
                return True
        return False


def _value_at(queue: deque[_Point], slot: int) -> list[float] | None:
    """Return the values at a slot; None if they are not there yet, or lie in a hole."""
    while len(queue) > 1 and queue[1][0] <= slot:
        queue.popleft()
    time, values = queue[0]
    if time == slot:
        return values
    if len(queue) < 2 or time > slot:
        return None
    after, values_after = queue[1]
    if after - time > LONGEST_HOLE + 1:
        return None
    share = (slot - time) / (after - time)
    return [a + share * (b - a) for a, b in zip(values, values_after, strict=True)]


def steps_of(seconds: float) -> float:
    """Return a time in steps of 20 ms, those next to a slot in it: stamps are not exact."""
    steps = seconds * SAMPLE_RATE_HZ
    nearest = round(steps)
    return float(nearest) if abs(steps - nearest) < 1e-3 else steps
