"""Notes of a recording, sorted by what they are worth to a reader: assumed, mended, doubted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_DOUBTED = re.compile(r"^doubt|\bdoubt:|as if stuck|are cut off at")
_MENDED = re.compile(
    r"brought from|interpolated|left out|sorted|\bgaps?\b|summed|the sum of|reversed|turned by|"
    r"spread|evenly spaced|changed places|there twice|repeated|dropped|removed|restart"
)


@dataclass(frozen=True)
class SortedNotes:
    """The notes of a recording.

    Parameters
    ----------
    assumed : tuple of str
        Units, columns and the clock, as found or told, and all that is neither of the others.
    mended : tuple of str
        Corrections.
    doubted : tuple of str
        Reasons why answers may be wrong.
    """

    assumed: tuple[str, ...]
    mended: tuple[str, ...]
    doubted: tuple[str, ...]


def sort_notes(notes: Iterable[str]) -> SortedNotes:
    """Sort the notes of a recording.

    Parameters
    ----------
    notes : iterable of str
        Notes, see `har.signals.recording.Recording`.

    Returns
    -------
    SortedNotes
        Each note once, in its order.
    """
    assumed, mended, doubted = [], [], []
    for note in notes:
        if _DOUBTED.search(note):
            doubted.append(note)
        elif _MENDED.search(note):
            mended.append(note)
        else:
            assumed.append(note)
    return SortedNotes(tuple(assumed), tuple(mended), tuple(doubted))
