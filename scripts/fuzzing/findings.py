"""Wrong answers, kept as short inputs that show them."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

from fuzzing.inputs import Files, write_input
from fuzzing.verdicts import Verdict

_LONGEST_S = 3.0
# Larger files are not shortened byte by byte.
_MOST_SINGLE_BYTES = 4000


def shortened_input(files: Files, signature: str, read: Callable[[Files], str]) -> Files:
    """Return an input with less in it that is answered in the same way.

    Parameters
    ----------
    files : dict of str to bytes
        Input to shorten.
    signature : str
        Signature of the verdict on it.
    read : callable
        Function that reads an input and returns the signature of its verdict.

    Returns
    -------
    dict of str to bytes
        The same input if nothing can be left out in 3 s.
    """
    end_s = time.process_time() + _LONGEST_S

    def is_same(name: str, content: bytes) -> bool:
        return read({**files, name: content}) == signature

    for name in sorted(files, key=lambda name: len(files[name]), reverse=True):
        # Lines first, so that a table stays one.
        lines = files[name].split(b"\n")
        files = {**files, name: _fewest(lines, b"\n", partial(is_same, name), end_s)}
        if len(files[name]) <= _MOST_SINGLE_BYTES:
            single = [bytes([value]) for value in files[name]]
            files = {**files, name: _fewest(single, b"", partial(is_same, name), end_s)}
    return files


def _fewest(
    parts: list[bytes], separator: bytes, is_same: Callable[[bytes], bool], end_s: float
) -> bytes:
    """Leave out runs of parts, shorter and shorter ones, as long as the answer is the same."""
    size = len(parts) // 2
    while size and time.process_time() < end_s:
        first = 0
        while first < len(parts) and time.process_time() < end_s:
            fewer = parts[:first] + parts[first + size :]
            if is_same(separator.join(fewer)):
                parts = fewer
            else:
                first += size
        size //= 2
    return separator.join(parts)


class Findings:
    """All findings of a session: one input of each kind, and how many there were.

    Parameters
    ----------
    folder : Path
        Folder for the inputs; made once there is one.

    Attributes
    ----------
    counts : Counter of (str, str)
        Number of findings by group and signature.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: Counter[tuple[str, str]] = Counter()
        self._kept: dict[tuple[str, str], tuple[Path, Verdict]] = {}

    def add(self, group: str, verdict: Verdict, files: Files | None) -> None:
        """Count a finding, and keep its input if it is the first of its kind."""
        key = group, verdict.signature
        self.counts[key] += 1
        if files is None or key in self._kept:
            return
        words = re.sub(r"[^\w.]+", "-", verdict.signature)[:80].strip("-")
        place = self.folder / group / words
        write_input(files, place)
        self._kept[key] = place, verdict

    def lines(self) -> list[str]:
        """Return what was found, the most frequent first, with the command that shows it."""
        found = []
        for key, count in self.counts.most_common():
            group, signature = key
            found.append(f"{group}: {signature} ({count} inputs)")
            if key in self._kept:
                place, verdict = self._kept[key]
                found.append(f"    {ascii(verdict.words)[1:-1][:200]}")
                found.append(f"    again: ./scripts/fuzz {group} --again {place}")
        return found
