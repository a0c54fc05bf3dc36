"""What ``har compare`` does: read runs, train baselines, sum all up side by side."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from har.comparison.baselines import answer_with_baselines
from har.comparison.contenders import line_up, read_runs
from har.comparison.summary import compare_contenders
from har.model_selection.baselines import chosen_baselines
from har.report.pages.comparison import pair_in_words, write_comparison


def run_comparison(options: Namespace, say: Callable[[str], None]) -> str:
    """Set finished runs side by side, with baselines if any are asked for.

    Parameters
    ----------
    options : Namespace
        With ``runs``, ``baselines``, ``data_root`` and ``out``.
    say : callable
        Told in a line what is being done.

    Returns
    -------
    str
        The result in words, and where the page is.
    """
    names = chosen_baselines(options.baselines)
    runs = read_runs(options.runs, n_others=len(names))
    baselines = answer_with_baselines(names, runs[0], options.data_root, say) if names else []
    comparison = compare_contenders(line_up(runs, baselines))
    out = options.out or Path("runs") / f"compare-{datetime.now():%Y%m%d-%H%M%S}"
    page = write_comparison(comparison, out)
    lines = [
        f"{row.run}  {row.folder or row.name}: accuracy {row.accuracy:.2%}, "
        f"macro F1 {row.macro_f1:.2%}"
        for row in comparison.runs
    ]
    lines += [
        "{pair}: accuracy {accuracy}, macro F1 {macro_f1} points".format(**pair_in_words(pair))
        for pair in comparison.pairs
    ]
    return "\n".join([*lines, f"report: {page}"])
