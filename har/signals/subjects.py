"""Subjects: people by number, or by text where a data set has codes such as P01.

All subjects of a data set are of one kind, so that they can be sorted and compared. Numbers are
those without leading zeros; ``01`` beside ``02`` is text, and stays as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import numpy as np

from har.arrays import IntArray, SubjectArray

Subject = int | str

_NUMBER = re.compile(r"0|[1-9]\d{0,17}", re.ASCII)


def natural_key(text: str) -> tuple[list[str | int], str]:
    """Return a key that sorts ``P2`` before ``P10``, and capitals beside small letters."""
    # Text and digits take turns, beginning with text, so that like is compared with like.
    parts: list[str | int] = list(re.split(r"([0-9]+)", text.casefold()))
    parts[1::2] = [int(digits) for digits in parts[1::2]]
    return parts, text


def subjects_from_text(texts: Iterable[str], alike: Collection[Subject] = ()) -> SubjectArray:
    """Return subjects that were written as text, as numbers if all of them are numbers.

    Parameters
    ----------
    texts : iterable of str
        Subjects as in a file.
    alike : collection of int or str
        Other subjects of the same data set: text among them makes these text, too.

    Returns
    -------
    ndarray of int64 or str, shape (n,)
    """
    written = list(texts)
    is_text = any(isinstance(subject, str) for subject in alike)
    if not is_text and all(map(_NUMBER.fullmatch, written)):
        return np.array(written, dtype=np.int64)
    return np.array(written, dtype=np.str_)


def number_subjects(subjects: SubjectArray) -> tuple[tuple[Subject, ...], IntArray]:
    """Find the different subjects and number them in their natural order.

    Parameters
    ----------
    subjects : ndarray of int or str, shape (n_windows,)
        Subject of each window.

    Returns
    -------
    names : tuple of int or str
        The different subjects: numbers by size, text by `natural_key`.
    of_window : ndarray of int, shape (n_windows,)
        Index of each window's subject in `names`.
    """
    names, of_window = np.unique(subjects, return_inverse=True)
    found: list[Subject] = names.tolist()
    order = sorted(range(len(found)), key=lambda index: subject_key(found[index]))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return tuple(found[index] for index in order), place[of_window]


def subject_key(subject: Subject) -> tuple[list[str | int], str]:
    """Return a key that sorts numbers by size and text naturally."""
    # A number is compared with text as the same digits are; see `natural_key`.
    return (["", subject, ""], "") if isinstance(subject, int) else natural_key(subject)
