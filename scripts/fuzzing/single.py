"""One input, read by a child of its own."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fuzzing.children import Batch, Child, Write
from fuzzing.groups import Group
from fuzzing.inputs import Files, write_input
from fuzzing.verdicts import Verdict


@dataclass(frozen=True)
class _Given(Batch):
    """A batch of one input that is not drawn."""

    given: Write | None = None

    def write(self, number: int, folder: Path) -> Files:
        """Write the input."""
        write_input({}, folder)
        if self.given is not None:
            self.given(folder)
        return {}


def judged_apart(group: Group, folder: Path, given: Files | Write) -> Verdict:
    """Let a child read one input, under the limits that all have.

    Parameters
    ----------
    group : Group
        Group that reads it.
    folder : Path
        Folder to write to; made anew.
    given : dict of str to bytes, or callable
        The input, or a function that writes it to an empty folder.

    Returns
    -------
    Verdict
    """
    write: Write = (lambda place: write_input(given, place)) if isinstance(given, dict) else given
    pool: Sequence[Files] = ()
    batch = _Given(group, 0, range(1), pool, 0, write)
    # Nothing is shortened, as if each verdict were known.
    child = Child.start(batch, folder, _Everything(), time.monotonic() + 600.0)
    while True:
        child.connection.poll(0.2)
        for outcome in child.outcomes():
            child.process.join()
            return outcome.verdict
        if (killed := child.check()) is not None:
            return killed.verdict


class _Everything:
    """A container of all signatures."""

    def __contains__(self, _signature: object) -> bool:
        return True
