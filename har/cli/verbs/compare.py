"""``har compare``: read runs, train baselines, sum all up side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from har.cli.options import at_root, new_in_runs
from har.comparison.baselines import predict_with_baselines
from har.comparison.contenders import Contender, FinishedRun, line_up, read_runs
from har.comparison.summary import compare_contenders
from har.datasets.loading import open_data
from har.model_selection.baselines import chosen_baselines
from har.report.pages.comparison import pair_in_words, write_comparison
from har.runs.lock import held


def run(
    *,
    runs: Sequence[Path],
    baselines: Sequence[str] = (),
    data_root: str | None = None,
    out: Path | None = None,
) -> None:
    """Set finished runs side by side, with baselines if any are asked for.

    Parameters
    ----------
    runs : sequence of Path
        Folders of the runs; the first is the reference.
    baselines : sequence of str
        Names of baselines to train on the first run's data; ``"all"`` stands for each that needs
        no extra package.
    data_root : str, optional
        Folder or zip with that data; by default that of the training.
    out : Path, optional
        Folder for the page and its figures; by default a new one in ``runs/``.
    """
    names = chosen_baselines(baselines)
    folder = out or new_in_runs("compare")
    with held(folder):
        scored = read_runs(runs, n_others=len(names))
        comparison = compare_contenders(line_up(scored, _trained(names, scored[0], data_root)))
        page = write_comparison(comparison, folder)
    for row in comparison.runs:
        print(
            f"{row.run}  {row.folder or row.name}: accuracy {row.accuracy:.2%}, "
            f"macro F1 {row.macro_f1:.2%}"
        )
    for pair in comparison.pairs:
        words = pair_in_words(pair)
        print("{pair}: accuracy {accuracy}, macro F1 {macro_f1} points".format(**words))
    print(f"report: {page}")


def _trained(names: Sequence[str], run: FinishedRun, data_root: str | None) -> list[Contender]:
    """Train baselines on the data of a run, which is only opened if there are any."""
    if not names:
        return []
    data = open_data(at_root(run.results.config.data, data_root))
    return predict_with_baselines(names, run, data.train, data.test, data.describe())
