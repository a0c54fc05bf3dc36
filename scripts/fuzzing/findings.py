"""Wrong answers, kept as short inputs that show them."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from fuzzing.inputs import Files, write_input
from fuzzing.verdicts import Verdict

_LONGEST_S = 3.0


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
    for name in sorted(files, key=lambda name: len(files[name]), reverse=True):
        # Lines first, so that a table stays one.
        for separator in (b"\n", b""):
            parts = files[name].split(separator) if separator else [files[name]]
            if not separator:
                parts = [bytes([value]) for value in files[name][:4000]]
                if len(files[name]) > 4000:
                    continue
            size = len(parts) // 2
            while size and time.process_time() < end_s:
                first = 0
                while first < len(parts) and time.process_time() < end_s:
                    fewer = parts[:first] + parts[first + size :]
                    shorter = {**files, name: separator.join(fewer)}
                    if read(shorter) == signature:
                        files, parts = shorter, fewer
                    else:
                        first += size
                size //= 2
    return files


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
