"""What ``har compare`` does: read runs, sum them up side by side, write a page."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from pathlib import Path

from har.compare_report import pair_in_words, write_comparison
from har.compare_summary import summarise
from har.side_by_side import read_runs


def run_comparison(options: Namespace) -> str:
    """Set finished runs side by side.

    Parameters
    ----------
    options : Namespace
        With ``runs`` and ``out``.

    Returns
    -------
    str
        The result in words, and where the page is.
    """
    summary = summarise(read_runs(options.runs))
    out = options.out or Path("runs") / f"compare-{datetime.now():%Y%m%d-%H%M%S}"
    page = write_comparison(summary, out)
    lines = [
        f"{row['run']}  {row['folder']}: accuracy {row['accuracy']:.2%}, "
        f"macro F1 {row['macro_f1']:.2%}"
        for row in summary["runs"]
    ]
    lines += [
        "{pair}: accuracy {accuracy}, macro F1 {macro_f1} points".format(**pair_in_words(pair))
        for pair in summary["pairs"]
    ]
    return "\n".join([*lines, f"report: {page}"])
