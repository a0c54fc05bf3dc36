"""What the terminal shows of training and of its result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from tqdm import tqdm

from har.evaluation import Evaluation
from har.training import EpochRecord


def shown(
    records: Iterator[EpochRecord], n_epochs: int, say: Callable[[str], None]
) -> Iterator[EpochRecord]:
    """Show epochs as they end: a progress bar on a terminal, plain lines elsewhere.

    Parameters
    ----------
    records : iterator of EpochRecord
        What training yields.
    n_epochs : int
        How many there will be at most.
    say : callable
        Writes a plain line.

    Yields
    ------
    EpochRecord
        The same records.
    """
    is_terminal = sys.stderr.isatty()
    with tqdm(total=n_epochs, unit="epoch", disable=not is_terminal, dynamic_ncols=True) as bar:
        for record in records:
            bar.set_postfix_str(epoch_in_words(record), refresh=False)
            bar.update()
            if not is_terminal:
                say(f"epoch {record.epoch:3d}/{n_epochs}  {epoch_in_words(record)}")
            yield record


def epoch_in_words(record: EpochRecord) -> str:
    """Tell an epoch's loss, accuracies and speed in one line."""
    words = [f"loss {record.train_loss:.4f}", f"training {record.train_accuracy:.1%}"]
    if record.validation_accuracy is not None:
        best = " (best)" if record.is_best else ""
        words.append(f"validation {record.validation_accuracy:.1%}{best}")
    return ", ".join([*words, f"{record.windows_per_s:.0f} windows/s"])


def evaluation_in_words(evaluation: Evaluation) -> str:
    """Tell the headline figures and a row per activity."""
    lines = [
        f"{evaluation.n_windows} test windows of {len(evaluation.per_subject)} subjects: "
        f"accuracy {evaluation.accuracy:.2%}, balanced accuracy "
        f"{evaluation.balanced_accuracy:.2%}, macro F1 {evaluation.macro_f1:.2%}",
        f"  {'activity':20}{'precision':>10}{'recall':>10}{'F1':>10}{'windows':>10}",
    ]
    lines += [
        f"  {activity:20}{row['precision']:10.2%}{row['recall']:10.2%}{row['f1']:10.2%}"
        f"{row['support']:10d}"
        for activity, row in evaluation.per_class.items()
    ]
    return "\n".join(lines)
