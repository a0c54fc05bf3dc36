"""Tables for people who read a pull request."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], n_words: int = 1
) -> list[str]:
    """Write the lines of a Markdown table.

    Parameters
    ----------
    head : sequence of str
        Headings of the columns.
    rows : sequence of sequence of str
        Cells; a vertical bar in them is escaped.
    n_words : int
        How many of the first columns hold words; the others hold numbers, which stand at the right.

    Returns
    -------
    list of str
    """
    rule = ["---"] * n_words + ["---:"] * (len(head) - n_words)
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *cells)]
