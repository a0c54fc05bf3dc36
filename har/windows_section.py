"""Every window that was named wrong: the section of a report that lists them, and draws some."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from har.arrays import IntArray
from har.evaluation.metrics import Evaluation
from har.signals.windows import Windows
from har.sparklines import sparklines

# With 4 kB for a drawing and 250 bytes for a row, a page stays under 2 MB however bad the network.
_N_DRAWN = 200
_N_LISTED = 2000


def windows_view(
    index: IntArray, evaluation: Evaluation, test: Windows | None = None
) -> dict[str, Any] | None:
    """Collect what ``windows.html`` shows.

    Parameters
    ----------
    index : ndarray of int, shape (n_windows,)
        The place of each evaluated window in `test`.
    evaluation : Evaluation
        What was predicted.
    test : Windows or None
        The windows, for their signals.

    Returns
    -------
    dict or None
        n_wrong, n_listed and n_drawn; groups, one for each pair of activities that were confused,
        the most frequent first; links, the groups' ids by the numbers of the true and the
        predicted activity; choices, the subjects and activities among what is listed. None if
        every window was named right.
    """
    wrong = _wrong_windows(index, evaluation)
    if wrong.empty:
        return None
    drawings = _drawings(wrong, test)
    by_kind = dict(tuple(wrong.groupby(["truth", "answer"])))
    links = {kind: "windows-{}-{}".format(*kind) for kind in by_kind}
    groups = [
        {
            "id": links[kind],
            "truth": evaluation.activities[kind[0]],
            "answer": evaluation.activities[kind[1]],
            "n_windows": len(rows),
            "rows": _row_views(rows, drawings),
        }
        for kind, rows in by_kind.items()
    ]
    listed = wrong[wrong["turn"] <= _N_LISTED]
    names = np.array(evaluation.activities)
    return {
        "n_wrong": len(wrong),
        "n_listed": len(listed),
        "n_drawn": len(drawings),
        "groups": sorted(groups, key=lambda group: -group["n_windows"]),
        "links": links,
        "choices": {
            "subject": np.unique(listed["subject"]).tolist(),
            **{key: names[np.unique(listed[key])].tolist() for key in ("truth", "answer")},
        },
    }


def _wrong_windows(index: IntArray, evaluation: Evaluation) -> pd.DataFrame:
    """List what was named wrong, the surest first; `turn` goes round the kinds, from 1.

    So each kind shows its surest windows, even if not all are shown.
    """
    rows = np.arange(evaluation.n_windows)
    table = pd.DataFrame(
        {
            "index": index,
            "subject": evaluation.subjects,
            "truth": evaluation.labels,
            "answer": evaluation.predicted,
            "p_answer": evaluation.probabilities[rows, evaluation.predicted],
            "p_truth": evaluation.probabilities[rows, evaluation.labels],
        }
    )
    wrong = table[table["truth"] != table["answer"]]
    wrong = wrong.sort_values("p_answer", ascending=False, kind="stable")
    place = wrong.groupby(["truth", "answer"]).cumcount()
    return wrong.assign(turn=place.rank(method="first"))


def _drawings(wrong: pd.DataFrame, test: Windows | None) -> dict[int, list[Markup]]:
    """Draw the windows whose turn comes first, by their index; those of a kind to one scale."""
    if test is None:
        return {}
    drawings: dict[int, list[Markup]] = {}
    for _, rows in wrong[wrong["turn"] <= _N_DRAWN].groupby(["truth", "answer"]):
        index = rows["index"].to_numpy()
        drawn = sparklines(test.signals[index], test.channels)
        drawings |= dict(zip(index.tolist(), drawn, strict=True))
    return drawings


def _row_views(rows: pd.DataFrame, drawings: dict[int, list[Markup]]) -> list[dict[str, Any]]:
    return [
        {**row, "drawings": drawings.get(row["index"], [])}
        for row in rows[rows["turn"] <= _N_LISTED].to_dict("records")
    ]
